// What is written at a unit: its degree on its colour, its name, its value with its gradient as far as they are known.
const ViewLabels = (() => {
	const { s } = Dom;
	const RADIUS = 17;

	// Yellow-free part of viridis: the degree of a unit as a colour, with letters that can be read on it.
	const STOPS = [
		[68, 1, 84],
		[59, 82, 139],
		[33, 145, 140],
		[53, 183, 121],
	];
	function colour(share) {
		const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
		const low = Math.min(Math.floor(at), STOPS.length - 2);
		const mixed = STOPS[low].map((a, k) => Math.round(a + (at - low) * (STOPS[low + 1][k] - a)));
		const light = mixed.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
		const seen = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
		return [`rgb(${mixed})`, 1.05 / (seen + 0.05) > (seen + 0.05) / 0.05 ? "#fff" : "#000"];
	}

	// What stands under a unit at this step: its value, on the way back its gradient too.
	function under(app, unit, wide) {
		const { state, report, shown } = app;
		const row = state.row;
		if (unit.what === "input") return [Words.num(state.x[row][unit.index]), null];
		if (unit.what === "hidden") {
			const z = `z${unit.layer}`;
			const y = `h${unit.layer}`;
			const name = shown.has(y) ? y : z;
			const grad = shown.has(`d${z}`) ? z : y;
			return [
				shown.has(z) ? Words.num(report.values[name][row][unit.index]) : "",
				shown.has(`dh${unit.layer}`) ? Words.num(report.grads[grad][row][unit.index]) : null,
			];
		}
		const at = Network.slices(state)[unit.index];
		const told = Outputs.told(state.outputs[unit.index], report.values.raw[row].slice(...at));
		return [
			shown.has("raw") ? (wide ? Words.outcome(state, unit.index, told) : Words.num(told[0])) : "",
			shown.has("d raw") ? Words.num(report.grads.raw[row][at[0]]) : null,
		];
	}

	function title(app, unit) {
		const { state, report } = app;
		if (unit.what === "input") return Words.nameOf(state, unit.index);
		if (unit.what === "hidden") return `h${unit.layer}[${unit.index}]`;
		return Words.conditional(state, report, unit.index, 20);
	}

	const leaks = ({ state, report }, i) => Report.faults(state, report).leaks.some(([hearer]) => hearer === i);

	// What stands at a unit: inputs and outputs have theirs beside them where there is room, all others below.
	function label(app, unit, [x, y], wide, value, grad) {
		const slope = grad === null ? [] : [["grad", `d ${grad}`]];
		if (unit.what === "hidden") return line(x, y + RADIUS + 14, "middle", [["", value], ...slope]);
		const name = title(app, unit);
		if (unit.what === "input") {
			const text = [["", `${name} = ${value}`]];
			if (wide) return line(x - RADIUS - 9, y + 4, "end", text);
			return text[0][1].length > 9
				? line(x - RADIUS - 19, y + RADIUS + 14, "start", text)
				: line(x, y + RADIUS + 14, "middle", text);
		}
		if (wide) {
			const told = value ? [["", `= ${value}`], ...slope] : [];
			return [
				line(x + RADIUS + 9, value ? y - 3 : y + 4, "start", [["", name]]),
				line(x + RADIUS + 9, y + 13, "start", told),
			];
		}
		const short = [Words.nameOf(app.state, unit.index), value].filter(Boolean).join(" = ");
		const end = short.length > 9; // a long one would leave the picture at its right edge
		const at = end ? x + RADIUS + 19 : x;
		return [
			line(at, y + RADIUS + 14, end ? "end" : "middle", [["", short]]),
			line(at, y + RADIUS + 29, end ? "end" : "middle", slope),
		];
	}
	const line = (x, y, anchor, parts) =>
		parts
			.filter(([, words]) => words)
			.map(([kind, words], k) =>
				s("tspan", { ...(k ? { dx: 7 } : { x, y }), class: kind, "text-anchor": anchor }, words),
			);

	return { RADIUS, colour, under, title, leaks, label };
})();
