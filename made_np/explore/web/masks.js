// From an order and degrees to masks, and from masks to who depends on whom.
// A state may be broken on purpose: then masks are built wrongly, each in the way that people build them wrongly.
const Masks = (() => {
	const range = (n) => Array.from({ length: n }, (_, i) => i);
	const positionOf = (order) => order.reduce((position, feature, t) => ((position[feature] = t), position), []);
	const make = (above, below, strict) => above.map((a) => below.map((b) => (strict ? a > b : a >= b)));

	// Degrees spread evenly over 1..D-1: the middle of each of `width` equal parts.
	const spread = (width, D) => range(width).map((k) => 1 + Math.floor(((2 * k + 1) * (D - 1)) / (2 * width)));

	const unitsOf = (state) => state.outputs.flatMap((output, i) => Array(Outputs.width(output)).fill(i));

	// All masks of a state, by the names of their weights, with the degrees that they were made from.
	function of(state, broken = state.broken, order = state.order) {
		const place = broken.order_for_position ? order : positionOf(order); // the classic mistake
		const features = place.map((t) => t + 1);
		const hidden = state.degrees.map((layer) => layer.map((d) => d - (broken.degrees_from_zero ? 1 : 0)));
		const outputs = unitsOf(state).map((i) => features[i]);
		const strict = !broken.loose_output;
		const masks = {};
		const layers = [features, ...hidden];
		const last = hidden.length;
		hidden.forEach((degrees, l) => (masks[`W${l}`] = make(degrees, layers[l], false)));
		if (last) masks[`W${last}`] = make(outputs, layers[last], strict);
		if (state.direct) masks.W_direct = make(outputs, features, strict);
		if (broken.open in masks) masks[broken.open] = masks[broken.open].map((row) => row.map(() => true));
		const skips = hidden.map((degrees, l) =>
			state.residual && l > 0 && degrees.length === hidden[l - 1].length
				? degrees.map((d, k) => d >= hidden[l - 1][k])
				: null,
		);
		return { features, hidden, outputs, masks, skips };
	}

	const product = (above, below) =>
		above.map((row) => range(below[0].length).map((j) => row.some((wire, k) => wire && below[k][j])));
	// Skips add nobody: where one is, the mask has a wire.
	const union = (a, b) => a.map((row, i) => row.map((wire, j) => wire || b[i][j]));

	// reach[i][j]: the conditional of feature i depends on feature j.
	function reach(state, made = of(state)) {
		const D = state.order.length;
		const units = unitsOf(state);
		let seen = null;
		made.hidden.forEach((_, l) => {
			seen = seen ? product(made.masks[`W${l}`], seen) : made.masks.W0;
		});
		let all = seen ? product(made.masks[`W${made.hidden.length}`], seen) : units.map(() => Array(D).fill(false));
		if (made.masks.W_direct) all = union(all, made.masks.W_direct);
		return range(D).map((i) => range(D).map((j) => units.some((unit, o) => unit === i && all[o][j])));
	}

	return { range, positionOf, spread, unitsOf, of, reach };
})();
