// The units of the network in columns, with the wires between them: there, cut, leaking, or lost.
const Wires = (() => {
	// Columns from left to right: each a list of units {id, degree, what, index}, from top to bottom.
	function columns(state, report) {
		const { features } = report;
		const column = (what) => state.order.map((i) => ({ id: `${what}-${i}`, what, index: i, degree: features[i] }));
		const hidden = report.hidden.map((degrees, l) =>
			degrees
				.map((degree, k) => ({ id: `hidden-${l}-${k}`, what: "hidden", layer: l, index: k, degree }))
				.sort((a, b) => a.degree - b.degree || a.index - b.index),
		);
		return [column("input"), ...hidden, column("output")];
	}

	// All wires that there could be, each with what has become of it.
	function edges(state, report) {
		const depth = state.degrees.length;
		const unit = (l, k) => (l === 0 ? `input-${k}` : `hidden-${l - 1}-${k}`);
		const first = state.outputs.map((_, i) => Network.slices(state)[i][0]);
		const found = [];
		const add = (name, from, to, r, c, l) => {
			const live = report.masks[name][r][c];
			const right = report.right[name][r][c];
			const kind = live ? (right ? "live" : "leak") : right ? "lost" : "cut";
			found.push({ from, to, kind, size: Math.abs(report.values[name][r][c]), arc: l === null });
		};
		state.degrees.forEach((layer, l) =>
			layer.forEach((_, k) =>
				report.masks[`W${l}`][k].forEach((_, c) => add(`W${l}`, unit(l, c), unit(l + 1, k), k, c, l)),
			),
		);
		state.outputs.forEach((_, i) => {
			if (depth)
				state.degrees[depth - 1].forEach((_, c) => add(`W${depth}`, unit(depth, c), `output-${i}`, first[i], c, depth));
			if (state.direct) state.order.forEach((j) => add("W_direct", `input-${j}`, `output-${i}`, first[i], j, null));
		});
		report.skips.forEach((skip, l) => {
			const units = skip ? Masks.range(skip.length).filter((k) => skip[k]) : [];
			units.forEach((k) => found.push({ from: unit(l, k), to: unit(l + 1, k), kind: "live", size: 0, skip: true }));
		});
		return found;
	}

	const carries = (wire) => wire.kind === "live" || wire.kind === "leak";

	// Units from which one can be reached along wires that carry something (UP), or that it reaches (DOWN).
	const UP = ["to", "from"];
	const DOWN = ["from", "to"];
	function reached(wires, start, ends) {
		const seen = new Set([start]);
		const [own, other] = ends;
		for (let grown = true; grown;) {
			grown = false;
			wires.forEach((wire) => {
				if (carries(wire) && seen.has(wire[own]) && !seen.has(wire[other])) grown = !!seen.add(wire[other]);
			});
		}
		return seen;
	}

	return { columns, edges, carries, reached, UP, DOWN };
})();
