// The matrices of one step: values, or gradients with the difference quotient under each.
const ViewMatrices = (() => {
	const { h, put, $ } = Dom;
	const { num, nameOf } = Words;
	let worst = 0;
	let hasWrong = false;

	// What a difference quotient may be off by: its own error, and that of the two losses, which are rounded.
	const tolerance = (report, number) => 1e-6 * Math.max(1, Math.abs(number)) + 1e-9 * Math.abs(report.loss);

	const isWeights = (name) => name[0] === "W";
	const rowsAreData = (name) => !/^[Wb]/.test(name);

	function unitNames(state, size, name) {
		// of the units that a row of `name` holds
		if (["x", "nll"].includes(name)) return state.order.map((_, i) => nameOf(state, i));
		if (name === "raw" || name === "W_direct" || name.slice(1) === String(state.degrees.length)) {
			return Masks.unitsOf(state).map((i, o, all) => nameOf(state, i) + (all[o - 1] === i ? " scale" : ""));
		}
		return Masks.range(size).map((k) => `h${name.slice(1)}[${k}]`);
	}
	function belowNames(state, size, name) {
		return name === "W0" || name === "W_direct"
			? unitNames(state, size, "x")
			: Masks.range(size).map((k) => `h${Number(name.slice(1)) - 1}[${k}]`);
	}

	function entry(app, name, what, number, quotient, row, column) {
		const { state, report, view } = app;
		const wire = !isWeights(name) || report.masks[name][row][column];
		const gap = quotient === null ? 0 : Math.abs(number - quotient);
		worst = Math.max(worst, gap);
		const wrong = gap > tolerance(report, number);
		hasWrong = hasWrong || wrong;
		const id = `cell-${name}-${what}-${row}-${column}`;
		const chosen = view.cell && view.cell.id === id;
		const place = { id, name, what, row, column };
		return h(
			"td",
			{ class: `${wire ? "" : "off"}${wrong ? " wrong" : ""}${chosen ? " chosen" : ""}` },
			h(
				"button",
				{
					type: "button",
					id,
					class: "cell",
					tabindex: row || column ? -1 : 0,
					"aria-pressed": String(Boolean(chosen)),
					onclick: () => app.look(() => (view.cell = chosen ? null : place)),
				},
				wire || wrong ? num(number) : h("s", {}, num(number)),
				quotient === null ? null : h("small", {}, num(quotient)),
			),
		);
	}

	function table(app, name, what) {
		const { state, report } = app;
		const source = what === "grad" ? report.grads[name] : report.values[name];
		const quotients = what === "grad" ? app.quotients(name) : null;
		const head = Words.called(name, what);
		const lines = name[0] === "b" ? [source] : source;
		const under = quotients && name[0] === "b" ? [quotients] : quotients;
		const columns = isWeights(name)
			? belowNames(state, lines[0].length, name)
			: unitNames(state, lines[0].length, name);
		const rows = rowsAreData(name)
			? lines.map((_, n) => `row ${n + 1}`)
			: name[0] === "b"
				? [head]
				: unitNames(state, lines.length, name);
		const rule = isWeights(name) ? ` \u2014 ${Words.rule(state, name)}` : "";
		return h(
			"div",
			{ class: "scroll", role: "region", tabindex: 0, "aria-label": `matrix ${head}` },
			h(
				"table",
				{ class: "matrix" },
				h("caption", {}, h("b", {}, head), rule),
				h(
					"thead",
					{},
					h(
						"tr",
						{},
						h("td"),
						columns.map((word) => h("th", { scope: "col" }, word)),
					),
				),
				h(
					"tbody",
					{},
					lines.map((line, r) =>
						h(
							"tr",
							{ class: rowsAreData(name) && r === state.row ? "current" : "" },
							h("th", { scope: "row" }, rows[r]),
							line.map((number, c) =>
								name[0] === "b"
									? entry(app, name, what, number, under && under[r][c], c, null)
									: entry(app, name, what, number, under && under[r][c], r, c),
							),
						),
					),
				),
			),
		);
	}

	function draw(app) {
		worst = 0;
		hasWrong = false;
		const { view, report, state } = app;
		const tables = app.step.shows.map(([name, what]) => table(app, name, what));
		put("matrices", tables);
		const line =
			view.cell && app.step.shows.some(([name, what]) => name === view.cell.name && what === view.cell.what)
				? Arithmetic.of(state, report, view.cell)
				: "Choose a number to see how it comes about.";
		Dom.say("arithmetic", line);
		const isBack = app.step.back;
		$("worst").hidden = !isBack;
		if (isBack) {
			$("worst").className = hasWrong ? "bad" : "good";
			$("worst").textContent =
				`Under each gradient stands its difference quotient. The worst disagreement is ${num(worst, 9)}${hasWrong ? ": this gradient is wrong." : "."}`;
		}
	}

	// Arrow keys walk from number to number within a matrix. True if there was one to walk to.
	function walk(key) {
		const cell = document.activeElement.closest && document.activeElement.closest("td");
		if (!cell || !cell.closest(".matrix")) return false;
		const line = cell.parentElement;
		const at = [...line.children].indexOf(cell);
		const to = {
			ArrowLeft: cell.previousElementSibling,
			ArrowRight: cell.nextElementSibling,
			ArrowUp: line.previousElementSibling && line.previousElementSibling.children[at],
			ArrowDown: line.nextElementSibling && line.nextElementSibling.children[at],
		}[key];
		const next = to && to.querySelector("button");
		if (next) next.focus();
		return true;
	}
	return { draw, walk };
})();
