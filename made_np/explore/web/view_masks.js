// The masks as grids, each row and column with its degree, beside the product: who depends on whom.
const ViewMasks = (() => {
	const { h, put } = Dom;
	const { nameOf } = Words;

	function grid(title, rule, rows, columns, at) {
		return h(
			"div",
			{ class: "scroll", role: "region", tabindex: 0, "aria-label": `mask ${title}` },
			h(
				"table",
				{ class: "mask" },
				h("caption", {}, h("b", {}, title), ` ${rule}`),
				h(
					"thead",
					{},
					h(
						"tr",
						{},
						h("td"),
						columns.map(([name, degree]) =>
							h("th", { scope: "col" }, name, degree === null ? null : h("i", {}, degree)),
						),
					),
				),
				h(
					"tbody",
					{},
					rows.map(([name, degree], r) =>
						h(
							"tr",
							{},
							h("th", { scope: "row" }, name, degree === null ? null : h("i", {}, degree)),
							columns.map((_, c) => {
								const [wire, right] = at(r, c);
								const kind = wire ? (right ? "on" : "leak") : right ? "lost" : "off";
								return h("td", { class: kind }, { on: "1", off: "0", leak: "1!", lost: "0?" }[kind]);
							}),
						),
					),
				),
			),
		);
	}

	function draw(app) {
		const { state, report } = app;
		const depth = state.degrees.length;
		const byOrder = state.order;
		const first = Network.slices(state).map(([start]) => start);
		const ends = byOrder.map((i) => [nameOf(state, i), report.features[i], i, first[i]]);
		const hidden = report.hidden.map((degrees, l) =>
			degrees.map((degree, k) => [`h${l}[${k}]`, degree, k, k]).sort((a, b) => a[1] - b[1] || a[2] - b[2]),
		);
		const layers = [ends, ...hidden, ends];
		const grids = Masks.range(depth ? depth + 1 : 0).map((l) => {
			const name = `W${l}`;
			const rows = layers[l + 1];
			const columns = layers[l];
			return grid(name, Words.rule(state, name), rows, columns, (r, c) => [
				report.masks[name][rows[r][3]][columns[c][2]],
				report.right[name][rows[r][3]][columns[c][2]],
			]);
		});
		if (state.direct) {
			grids.push(
				grid("W_direct", Words.rule(state, "W_direct"), ends, ends, (r, c) => [
					report.masks.W_direct[ends[r][3]][ends[c][2]],
					report.right.W_direct[ends[r][3]][ends[c][2]],
				]),
			);
		}
		const names = byOrder.map((i) => [nameOf(state, i), null]);
		const place = Masks.positionOf(state.order);
		const who = grid(
			"Who hears whom",
			depth
				? `${Masks.range(depth + 1)
						.reverse()
						.map((l) => `W${l}`)
						.join(" \u00b7 ")}${state.direct ? ", or W_direct" : ""}`
				: "",
			names,
			names,
			(r, c) => {
				const [i, j] = [byOrder[r], byOrder[c]];
				return [report.reach[i][j], report.wanted[i][j] || (report.reach[i][j] && place[j] < place[i])];
			},
		);
		put("masks", grids, who);
	}
	return { draw };
})();
