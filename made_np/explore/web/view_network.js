// The network as a picture: columns of units with their degrees, wires that are there, cut, leaking or lost.
const ViewNetwork = (() => {
	const { h, s, $, put } = Dom;
	const { RADIUS, colour, under, title, leaks, label } = ViewLabels;
	const PITCH = 54;
	const MOST_CUT = 120;
	let wires = []; // of the picture that stands: {from, to, kind, element}

	// Lights what leads to a unit, and what it leads to.
	function light(id) {
		const up = id ? Wires.reached(wires, id, Wires.UP) : new Set();
		const down = id ? Wires.reached(wires, id, Wires.DOWN) : new Set();
		wires.forEach((wire) => {
			const carries = Wires.carries(wire);
			wire.element.classList.toggle("up", carries && up.has(wire.to));
			wire.element.classList.toggle("down", carries && down.has(wire.from));
			wire.element.classList.toggle("near", !carries && up.has(wire.to) && id !== null);
		});
		$("network").classList.toggle("lit", Boolean(id));
	}

	// Two parts: the unit, which is a button, and what is written on it with its label, which the button's name says.
	function drawUnit(app, unit, [x, y], wide) {
		const [fill, ink] = colour((unit.degree - 1) / Math.max(app.state.order.length - 1, 1));
		const [value, grad] = under(app, unit, wide);
		const name = title(app, unit);
		const text = s(
			"text",
			{ class: `label${unit.what === "output" && leaks(app, unit.index) ? " leaks" : ""}` },
			label(app, unit, [x, y], wide, value, grad),
		);
		const selected = app.view.selected === unit.id;
		const press = s(
			"g",
			{
				id: unit.id,
				class: `unit${selected ? " selected" : ""}`,
				role: "button",
				tabindex: 0,
				"aria-pressed": String(selected),
				"aria-label": `${name}, degree ${unit.degree}${value ? `, ${value}` : ""}${grad === null ? "" : `, gradient ${grad}`}`,
				onclick: () => app.look(() => (app.view.selected = selected ? null : unit.id)),
				onfocus: () => light(unit.id),
				onblur: () => light(app.view.selected),
				onpointerenter: () => light(unit.id),
				onpointerleave: () => light(app.view.selected),
			},
			s("rect", { x: x - 22, y: y - 22, width: 44, height: 44, class: "hit" }),
			s("circle", { cx: x, cy: y, r: RADIUS, fill }),
		);
		return [
			press,
			[s("text", { x, y: y + 5, "text-anchor": "middle", class: "degree", fill: ink }, String(unit.degree)), text],
		];
	}

	function drawWire(wire, places) {
		const [a, b] = [places[wire.from], places[wire.to]];
		const line =
			wire.arc || wire.skip
				? `M${a[0]} ${a[1]}Q${(a[0] + b[0]) / 2} ${Math.min(a[1], b[1]) - (wire.arc ? 46 : 18)} ${b[0]} ${b[1]}`
				: `M${a[0]} ${a[1]}L${b[0]} ${b[1]}`;
		wire.element = s("path", {
			d: line,
			class: `wire ${wire.kind}`,
			"stroke-width": (0.9 + 1.4 * Math.min(Words.finite(wire.size), 2)).toFixed(2),
		});
		return wire.element;
	}

	function draw(app) {
		const { state, report } = app;
		const space = $("network").clientWidth || 720;
		const wide = space >= 640;
		const sheets = Wires.columns(state, report);
		const most = Math.max(...sheets.map((column) => column.length));
		const head = 34;
		const height = head + most * PITCH + 16;
		const longest = Math.max(...state.order.map((i) => title(app, { what: "output", index: i }).length));
		const [left, right] = wide
			? [7.3 * Math.max(...state.names.map((name) => Words.short(name).length)) + 100, 7.3 * longest + 40]
			: [38, 38];
		const places = {};
		sheets.forEach((column, c) =>
			column.forEach((unit, k) => {
				const step = (most * PITCH) / column.length;
				places[unit.id] = [
					Math.round(left + (c * (space - left - right)) / (sheets.length - 1)),
					Math.round(head + step * (k + 0.5) - 4),
				];
			}),
		);
		wires = Wires.edges(state, report);
		const cut = wires.filter((wire) => wire.kind === "cut").length;
		const heads = [
			"inputs",
			...state.degrees.map((_, l) => (state.degrees.length > 1 ? `hidden ${l + 1}` : "hidden")),
			"outputs",
		];
		const units = sheets.flat().map((unit) => drawUnit(app, unit, places[unit.id], wide));
		const picture = s(
			"svg",
			{
				width: space,
				height,
				viewBox: `0 0 ${space} ${height}`,
				role: "group",
				"aria-label": "The network: units with their degrees, in the order of generation",
				class: `${cut > MOST_CUT ? "hide" : ""} ${wires.length > 160 ? "many" : ""}`,
			},
			s(
				"g",
				{ "aria-hidden": "true" },
				sheets.map((column, c) =>
					s("text", { x: places[column[0].id][0], y: 16, "text-anchor": "middle", class: "head" }, heads[c]),
				),
			),
			s(
				"g",
				{ "aria-hidden": "true" },
				wires.map((wire) => drawWire(wire, places)),
			),
			units.map(([press]) => press),
			s(
				"g",
				{ "aria-hidden": "true", class: "written" },
				units.map(([, words]) => words),
			),
		);
		put("network", picture);
		light(app.view.selected);
		drawLegend();
		ViewAbout.draw(
			app,
			wires,
			sheets.flat().find((unit) => unit.id === app.view.selected),
		);
	}

	function drawLegend() {
		const entry = (kind, text) =>
			h(
				"li",
				{},
				s(
					"svg",
					{ width: 34, height: 10, "aria-hidden": "true" },
					s("path", { d: "M1 5L33 5", class: `wire ${kind}`, "stroke-width": 2 }),
				),
				text,
			);
		const kinds = new Set(wires.map((wire) => wire.kind));
		const told = { live: "a wire", cut: "cut by its mask", leak: "must not be there", lost: "is missing" };
		put(
			"legend",
			Object.keys(told)
				.filter((kind) => kinds.has(kind))
				.map((kind) => entry(kind, told[kind])),
			entry("live up", "leads to the chosen unit"),
			entry("live down", "leads away from it"),
		);
	}

	return { draw, light };
})();
