// All numbers of a state, computed anew from it alone; the page shows nothing else.
const Report = (() => {
	function of(state) {
		const made = Masks.of(state);
		const values = Network.forward(state, made);
		const grads = Network.backward(state, made, values);
		const right = Masks.of(state, {});
		const all = Density.isCountable(state) ? Density.table(state) : null;
		return {
			...made,
			right: right.masks,
			reach: Masks.reach(state, made),
			wanted: Masks.reach(state, right),
			values,
			grads,
			loss: values.loss,
			scored: all ? Density.lossOf(state, all) : values.loss,
			all,
			floor: all ? Density.floor(state) : null,
			sample: Sampling.walk(state, made),
		};
	}

	// Dependencies that must not be (a feature sees itself or a later one), and those that the mistake has cost.
	function faults(state, report) {
		const place = Masks.positionOf(state.order);
		const pairs = (test) =>
			state.order.flatMap((i) => state.order.flatMap((j) => (test(report.reach[i][j], i, j) ? [[i, j]] : [])));
		return {
			leaks: pairs((seen, i, j) => seen && place[j] >= place[i]),
			lost: pairs((seen, i, j) => !seen && report.wanted[i][j]),
		};
	}

	// An order in which nobody hears of itself or of what comes later, or null: then these are the masks of no order.
	function orderOf(report) {
		const order = [];
		const left = new Set(Masks.range(report.reach.length));
		while (left.size) {
			const next = [...left].find((i) => !report.reach[i].some((seen, j) => seen && left.has(j)));
			if (next === undefined) return null;
			left.delete(next);
			order.push(next);
		}
		return order;
	}

	// How far the weights without a wire have moved since they were made: training must leave them alone.
	function idle(state, report, start) {
		const now = Network.views(state);
		const then = Network.views(state, start);
		let most = 0;
		Object.entries(report.masks).forEach(([name, mask]) =>
			mask.forEach((row, o) =>
				row.forEach((wire, i) => {
					if (!wire) most = Math.max(most, Math.abs(now[name][o][i] - then[name][o][i]));
				}),
			),
		);
		return most;
	}

	const numbers = (tree) => (Array.isArray(tree) ? tree.flatMap(numbers) : [Number(tree)]);

	// The numbers of the page beside those that Python wrote into it: how many, and the worst relative difference.
	function compare(state, python) {
		const mine = of(state);
		const pairs = python.trace.values.flatMap(({ name, value, grad }) => [
			...(value === null ? [] : [[mine.values[name], value]]),
			...(grad === null ? [] : [[mine.grads[name], grad]]),
		]);
		pairs.push([mine.loss, python.trace.loss], [mine.reach, python.reach], [mine.sample.row, python.sample]);
		const every = mine.all && mine.all.rows.length / python.log_prob.length; // of many rows, Python gave every so many
		if (mine.all)
			pairs.push(
				[mine.all.log_prob.filter((_, n) => n % every === 0), python.log_prob],
				[mine.all.sum, python.sum],
				[Object.values(mine.all.two), Object.values(python.two)],
			);
		let count = 0;
		let worst = 0;
		pairs.forEach(([own, theirs]) => {
			const a = numbers(own);
			const b = numbers(theirs);
			if (a.length !== b.length) worst = Infinity;
			b.forEach((value, k) => {
				const gap = Math.abs(a[k] - value) / Math.max(1, Math.abs(value));
				worst = Math.max(worst, Number.isNaN(gap) ? Infinity : gap);
			});
			count += b.length;
		});
		return { count, worst };
	}
	return { of, faults, orderOf, idle, compare };
})();
