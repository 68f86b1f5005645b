// All rows that there are, with p of each and their sum; and the rows of data, which can be changed.
const ViewRows = (() => {
	const { h, s, put, $, button } = Dom;
	const { num, nameOf } = Words;

	function bars(report, state) {
		// one bar for each row; those of the data are darker
		const { rows, log_prob } = report.all;
		const p = log_prob.map((log) => Words.finite(Math.exp(log)));
		const most = Math.max(...p, 1e-300);
		const data = new Set(state.x.map(String));
		return s(
			"svg",
			{ viewBox: `0 0 ${rows.length} 100`, preserveAspectRatio: "none", class: "bars", "aria-hidden": "true" },
			p.map((value, n) => {
				const size = Math.max((96 * value) / most, 0.6);
				return s("rect", {
					x: n + 0.08,
					y: 100 - size,
					width: 0.84,
					height: size,
					class: data.has(String(rows[n])) ? "data" : "",
				});
			}),
		);
	}

	function table(report, state) {
		const { rows, log_prob } = report.all;
		const data = {};
		state.x.forEach((row) => (data[row] = (data[row] || 0) + 1));
		return h(
			"div",
			{ class: "scroll tall", role: "region", tabindex: 0, "aria-label": "all rows" },
			h(
				"table",
				{ class: "rows" },
				h(
					"thead",
					{},
					h(
						"tr",
						{},
						state.order.map((i) => h("th", { scope: "col" }, nameOf(state, i))),
						h("th", { scope: "col" }, "p"),
						h("th", { scope: "col" }, "in the data"),
					),
				),
				h(
					"tbody",
					{},
					rows.map((row, n) =>
						h(
							"tr",
							{ class: data[row] ? "data" : "" },
							state.order.map((i) => h("td", {}, String(row[i]))),
							h("td", {}, Math.exp(log_prob[n]).toFixed(4)),
							h("td", {}, data[row] ? `${data[row]} of ${state.x.length}` : ""),
						),
					),
				),
				h(
					"tfoot",
					{},
					h(
						"tr",
						{},
						h("th", { scope: "row", colspan: state.order.length }, "sum"),
						h("td", {}, h("b", {}, Words.sumOf(report.all.sum, 6))),
						h("td"),
					),
				),
			),
		);
	}

	// The sum as a bar that ought to end at 1.
	function gauge(sum) {
		const most = Math.max(1.25, Words.finite(Math.min(sum, 4)) * 1.1);
		const end = Words.finite((Math.min(sum, most) / most) * 300);
		const one = 300 / most;
		const bad = Words.isOff(sum);
		return s(
			"svg",
			{ viewBox: "0 0 300 30", class: "gauge", "aria-hidden": "true" },
			s("rect", { x: 0, y: 8, width: 300, height: 14, rx: 7, class: "track" }),
			s("rect", { x: 0, y: 8, width: end, height: 14, rx: 7, class: bad ? "bad" : "good" }),
			s("path", { d: `M${one} 2V28`, class: "one" }),
		);
	}

	let drawn = null; // what the table shows: it is long, and drawn anew only when it changes
	function drawAll(app) {
		const { report, state } = app;
		$("all-section").hidden = !report.all;
		if (!report.all) return;
		const { sum } = report.all;
		const bad = Words.isOff(sum);
		put(
			"sum",
			gauge(sum),
			h(
				"p",
				{ class: bad ? "bad" : "good" },
				`${report.all.rows.length} rows, p adds up to `,
				h("b", { id: "sum-number" }, Words.sumOf(sum, 6)),
			),
		);
		const now = JSON.stringify([report.all.log_prob, state.x, state.order]);
		if (now === drawn) return;
		drawn = now;
		put("bars", bars(report, state));
		put("all-rows", table(report, state));
	}

	function value(app, n, i) {
		const { state, change } = app;
		const id = `data-${n}-${i}`;
		const label = `row ${n + 1}, ${nameOf(state, i)}`;
		if (state.outputs[i].kind === "bernoulli") {
			return button(id, String(state.x[n][i]), () => change(() => Actions.flip(state, n, i)), {
				class: "bit",
				"aria-label": `${label}: ${state.x[n][i]}`,
			});
		}
		return h("input", {
			type: "number",
			step: "any",
			id,
			value: state.x[n][i],
			"aria-label": label,
			onchange: (event) => change(() => Actions.enter(state, n, i, event.target.valueAsNumber)),
		});
	}

	function drawData(app) {
		const { state, report, change, look } = app;
		put(
			"data-rows",
			h(
				"table",
				{ class: "data-table" },
				h(
					"thead",
					{},
					h(
						"tr",
						{},
						h("th", { scope: "col" }, "row"),
						state.order.map((i) => h("th", { scope: "col" }, nameOf(state, i))),
						h("th", { scope: "col" }, "\u2212log p"),
					),
				),
				h(
					"tbody",
					{},
					state.x.map((_, n) =>
						h(
							"tr",
							{ class: n === state.row ? "current" : "" },
							h(
								"th",
								{ scope: "row" },
								button(`row-${n}`, String(n + 1), () => look(() => Actions.pick(state, n)), {
									"aria-pressed": String(n === state.row),
									"aria-label": `show row ${n + 1} in the network`,
								}),
							),
							state.order.map((i) => h("td", {}, value(app, n, i))),
							h("td", {}, num(Numbers.total(report.values.nll[n]), 3)),
						),
					),
				),
			),
		);
		put(
			"data-tools",
			button("row-add", "Add a row", () => change(() => Actions.addRow(state)), {
				disabled: state.x.length >= Actions.MOST_ROWS,
			}),
			button("row-drop", "Drop this row", () => change(() => Actions.dropRow(state)), { disabled: state.x.length < 2 }),
		);
	}

	return { draw: (app) => (drawAll(app), drawData(app)) };
})();
