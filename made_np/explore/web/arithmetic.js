// How one entry of a value, or of its gradient, comes about: the line that opens under a matrix.
const Arithmetic = (() => {
	const { num, nameOf } = Words;
	const signed = (value) => `(${num(value)})`;

	function entry({ values: v, grads }, { name, what, row, column }) {
		const line = ((what === "grad" ? grads : v)[name] || [])[row];
		return column === null || line === undefined ? line : line[column];
	}

	// The entry is named by the value, "value" or "grad", its row and column (null in a list).
	function of(state, report, { name, what, row, column }) {
		const found = (what === "grad" ? grads : values)(state, report, name, row, column);
		return `${Words.called(name, what)}[${row}${column === null ? "" : `, ${column}`}] = ${found}`;
	}

	function values(state, { values: v, masks }, name, r, c) {
		const own = c === null ? v[name][r] : v[name][r][c];
		const layer = Number(name.slice(1));
		if (name === "x") return `${num(own)}: the value of ${nameOf(state, c)} in row ${r + 1}`;
		if (/^[Wb]/.test(name))
			return `${num(own, 4)}${masks[name] && !masks[name][r][c] ? ": no wire, so it acts on nothing" : ""}`;
		if (name[0] === "z" || name === "raw") {
			const last = name === "raw" ? state.degrees.length : layer;
			const below = last ? v[`h${last - 1}`][r] : v.x[r];
			const terms = state.degrees.length ? products(v[`W${last}`][c], below, masks[`W${last}`][c]) : [];
			const direct = name === "raw" && state.direct ? products(v.W_direct[c], v.x[r], masks.W_direct[c]) : [];
			return `${[num(v[`b${last}`][c]), ...terms, ...direct].join(" + ")} = ${num(own, 4)}`;
		}
		if (name[0] === "h") return `${state.activation}${signed(v[`z${layer}`][r][c])} = ${num(own, 4)}`;
		return `\u2212log p(${nameOf(state, c)} = ${num(v.x[r][c])}) = ${num(own, 4)}`;
	}
	const products = (weights, below, mask) =>
		weights.flatMap((w, i) => (mask[i] ? [`${signed(w)} \u00d7 ${num(below[i])}`] : []));

	function grads(state, report, name, r, c) {
		const { values: v, grads: g, masks } = report;
		const own = c === null ? g[name][r] : g[name][r][c];
		const B = state.x.length;
		const layer = Number(name.slice(1));
		const depth = state.degrees.length;
		const above = (l) => (l === depth ? g.raw : g[`z${l}`]);
		if (name === "nll") return `1 / B = 1 / ${B}`;
		if (name === "raw")
			return state.outputs.every((output) => output.kind === "bernoulli")
				? `(${num(Numbers.sigmoid(v.raw[r][c]))} \u2212 ${num(v.x[r][c])}) / ${B} = ${num(own, 4)}`
				: num(own, 4);
		if (name[0] === "b")
			return `${above(layer)
				.map((d) => num(d[r]))
				.join(" + ")} = ${num(own, 4)}`;
		if (name[0] === "W") {
			const dy = name === "W_direct" ? g.raw : above(layer);
			const x = name === "W_direct" || !layer ? v.x : v[`h${layer - 1}`];
			if (!masks[name][r][c] && own === 0) return "0: there is no wire, whatever flows above and below";
			return `${dy.map((d, n) => `${signed(d[r])} \u00d7 ${num(x[n][c])}`).join(" + ")} = ${num(own, 4)}`;
		}
		if (name[0] === "h") {
			const W = v[`W${layer + 1}`];
			const mask = masks[`W${layer + 1}`];
			const terms = above(layer + 1)[r].flatMap((d, o) => (mask[o][c] ? [`${signed(d)} \u00d7 ${num(W[o][c])}`] : []));
			return `${terms.join(" + ") || "nothing hears it"} = ${num(own, 4)}`;
		}
		const dh = g[`h${layer}`][r][c];
		return `${num(dh, 4)} \u00d7 slope ${dh ? num(own / dh, 3) : ""} = ${num(own, 4)}`;
	}
	return { of, entry };
})();
