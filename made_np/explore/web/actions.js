// What can be done to a state. Each action changes the state it is given, and nothing else.
const Actions = (() => {
	const MOST_UNITS = 12;
	const MOST_ROWS = 12;
	const BREAKS = [
		"loose_output",
		"open",
		"order_for_position",
		"degrees_from_zero",
		"unmasked_gradient",
		"averaged_logits",
	];
	const RATES = [0.003, 0.01, 0.03, 0.1, 0.3];

	// A small generator of uniform numbers (an xorshift); its seed is part of the state, so that all can be done again.
	function uniform(state) {
		let s = state.seed;
		s ^= s << 13;
		s ^= s >>> 17;
		s ^= s << 5;
		state.seed = s;
		return (s >>> 0) / 2 ** 32;
	}
	const normal = (state) => Numbers.quantile(uniform(state));
	const top = (state) => Math.max(state.order.length - 1, 1);
	const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

	// Theta and the memory of the training rule for other widths: what is there stays, what is new is random.
	function refit(state, degrees) {
		const old = { ...state };
		state.degrees = degrees;
		const parts = (list) => Network.views(old, list);
		const fit = (list, fresh) => {
			const before = parts(list);
			return Network.layout(state).flatMap(([name, [rows, columns]]) =>
				Masks.range(rows).flatMap((r) => {
					const row = (before[name] || [])[r];
					if (columns === undefined) return [row === undefined ? 0 : row];
					return Masks.range(columns).map((c) => (row && row[c] !== undefined ? row[c] : fresh(columns)));
				}),
			);
		};
		const { memory } = state;
		const theta = fit(state.theta, (columns) => normal(state) * Math.sqrt(2 / columns));
		state.memory = { step: memory.step, m: fit(memory.m, () => 0), v: fit(memory.v, () => 0) };
		state.theta = theta;
		state.start = [...theta];
		state.residual = state.residual && degrees.some((layer, l) => l > 0 && layer.length === degrees[l - 1].length);
		if (!(state.broken.open in Masks.of(state, {}).masks)) state.broken.open = null;
	}

	const actions = {
		move(state, feature, by) {
			// a feature to an earlier or later place of the order
			const from = state.order.indexOf(feature);
			const to = clamp(from + by, 0, state.order.length - 1);
			state.order.splice(to, 0, ...state.order.splice(from, 1));
			state.drawn = 0;
		},
		degree(state, layer, unit, by) {
			state.degrees[layer][unit] = clamp(state.degrees[layer][unit] + by, 1, top(state));
		},
		width(state, layer, width) {
			const degrees = state.degrees.map((own) => [...own]);
			const n = clamp(width, 1, Math.max(MOST_UNITS, degrees[layer].length));
			const fresh = Masks.spread(n, state.order.length).map((d) => clamp(d, 1, top(state)));
			degrees[layer] = Masks.range(n).map((k) => (k < degrees[layer].length ? degrees[layer][k] : fresh[k]));
			refit(state, degrees);
		},
		layers(state, n) {
			const degrees = state.degrees.slice(0, n).map((own) => [...own]);
			while (degrees.length < n) degrees.push(Masks.spread(6, state.order.length).map((d) => clamp(d, 1, top(state))));
			if (degrees.length !== state.degrees.length) refit(state, degrees);
		},
		breakIt(state, name, value) {
			if (name === "open") state.broken.open = state.broken.open === value ? null : value;
			else state.broken[name] = !state.broken[name];
		},
		mend(state) {
			BREAKS.forEach((name) => (state.broken[name] = name === "open" ? null : false));
		},
		flip(state, row, feature) {
			state.x[row][feature] = 1 - state.x[row][feature];
		},
		enter(state, row, feature, value) {
			if (Number.isFinite(value)) state.x[row][feature] = clamp(value, -1e6, 1e6);
		},
		pick(state, row) {
			state.row = clamp(row, 0, state.x.length - 1);
		},
		addRow(state) {
			if (state.x.length < MOST_ROWS) state.x.push([...state.x[state.row]]);
			state.row = state.x.length - 1;
		},
		dropRow(state) {
			if (state.x.length > 1) state.x.splice(state.row, 1);
			state.row = clamp(state.row, 0, state.x.length - 1);
		},
		train(state, steps) {
			const before = Report.of(state).loss;
			const losses = Training.train(state, steps);
			state.losses = [...state.losses, ...losses].slice(-2000);
			return { before, steps: losses.length };
		},
		rule(state, name) {
			state.rule = name;
			state.memory = Training.fresh(state);
		},
		rate(state, by) {
			const at = RATES.findIndex((rate) => rate >= state.rate);
			state.rate = RATES[clamp((at < 0 ? RATES.length - 1 : at) + by, 0, RATES.length - 1)];
		},
		sample(state) {
			// one feature more; after the last one, a new row
			if (state.drawn >= state.order.length) actions.throwAgain(state);
			else state.drawn += 1;
		},
		throwAgain(state) {
			state.uniforms = state.uniforms.map(() => uniform(state));
			state.drawn = 0;
		},
		throwOne(state, feature, u) {
			state.uniforms[feature] = clamp(u, 0, 0.999);
		},
	};
	return { ...actions, BREAKS, MOST_UNITS, MOST_ROWS };
})();
