// Difference quotients: nudge one number by +h and by -h, and see how far the loss moves. They know no formula.
const Differences = (() => {
	const H = 1e-5;

	function ofParameter(state, made, index) {
		const loss = (by) => {
			const theta = [...state.theta];
			theta[index] += by;
			return Network.forward(state, made, theta).loss;
		};
		return (loss(H) - loss(-H)) / (2 * H);
	}

	// The quotient under every entry of a value: a parameter, or a number on its way. Of x as input only.
	function of(state, made, name) {
		let at = 0;
		for (const [own, [rows, columns]] of Network.layout(state)) {
			const size = rows * (columns === undefined ? 1 : columns);
			if (own === name) {
				const all = Masks.range(size).map((k) => ofParameter(state, made, at + k));
				return columns === undefined ? all : Masks.range(rows).map((r) => all.slice(r * columns, (r + 1) * columns));
			}
			at += size;
		}
		const values = Network.forward(state, made);
		const loss = (row, column, by) => {
			const nudged = Network.forward(state, made, state.theta, state.x, { name, row, column, by });
			return Numbers.total(nudged.nll.flat()) / state.x.length;
		};
		return values[name].map((line, n) => line.map((_, i) => (loss(n, i, H) - loss(n, i, -H)) / (2 * H)));
	}
	return { of };
})();
