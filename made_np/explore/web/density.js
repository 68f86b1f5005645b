// All rows that there are, with p of each: what makes a network a density is that these add up to 1.
const Density = (() => {
	const isCountable = (state) => state.outputs.every((output) => output.kind === "bernoulli");
	const everyRow = (D) => Masks.range(2 ** D).map((n) => Masks.range(D).map((i) => (n >> (D - 1 - i)) & 1));

	function logits(state, rows, order) {
		return Network.forward(state, Masks.of(state, state.broken, order), state.theta, rows).raw;
	}
	const logProb = (state, raw, row) =>
		-Numbers.total(state.outputs.map((output, i) => Outputs.nllAndGrad(output, [raw[i]], row[i])[0]));
	const massOf = (logs) => Numbers.total(logs.map(Math.exp));

	// log p of each row. With the logits of two orders averaged, it is none: see `twoOrders`.
	function table(state) {
		const rows = everyRow(state.order.length);
		const own = logits(state, rows, state.order);
		const plain = rows.map((row, n) => logProb(state, own[n], row));
		const other = logits(state, rows, [...state.order].reverse());
		const second = rows.map((row, n) => logProb(state, other[n], row));
		const mean = own.map((raw, n) => raw.map((z, i) => (z + other[n][i]) / 2));
		const averaged = rows.map((row, n) => logProb(state, mean[n], row));
		const two = {
			mixture: massOf(rows.map((_, n) => Numbers.logSumExp([plain[n], second[n]]) - Math.log(2))),
			mean_of_logs: massOf(rows.map((_, n) => (plain[n] + second[n]) / 2)),
			averaged_logits: massOf(averaged),
		};
		const log_prob = state.broken.averaged_logits ? averaged : plain;
		return { rows, log_prob, sum: massOf(log_prob), two };
	}

	// The mean of -log p over the data, as the table has it.
	function lossOf(state, all) {
		const place = (row) => row.reduce((n, bit) => 2 * n + bit, 0);
		return -Numbers.total(state.x.map((row) => all.log_prob[place(row)])) / state.x.length;
	}

	// The entropy of the rows of data: no density has a smaller loss on them.
	function floor(state) {
		const counts = {};
		state.x.forEach((row) => (counts[row] = (counts[row] || 0) + 1));
		return -Numbers.total(Object.values(counts).map((n) => (n / state.x.length) * Math.log(n / state.x.length)));
	}
	return { isCountable, table, lossOf, floor };
})();
