// Functions of one number: sigmoid, softplus, the normal distribution, activations with their slopes.
// Each is the formula of made_np/layers.py and made_np/normal.py; their constants come from there, in the page's data.
const Numbers = (() => {
	const { normal, selu, leak } = DATA.constants;

	const sigmoid = (z) => {
		const e = Math.exp(-Math.abs(z)); // never overflows
		return (z >= 0 ? 1 : e) / (1 + e);
	};
	const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
	const horner = (coefficients, t) => coefficients.reduce((sum, c) => sum * t + c, 0);
	const total = (list) => list.reduce((sum, value) => sum + value, 0);
	const logSumExp = (list) => {
		const most = Math.max(...list);
		return most === -Infinity ? most : most + Math.log(total(list.map((value) => Math.exp(value - most))));
	};

	const bell = (x) => Math.exp((-x * x) / 2);
	const density = (z) => bell(z) / Math.sqrt(2 * Math.PI);
	const below = (z) => {
		// the mass of a standard normal below z
		const x = Math.min(Math.abs(z), normal.farthest);
		const tail = (bell(x) * horner(normal.mills, (x - 5) / (x + 5))) / (1 + x);
		return z < 0 ? tail : 1 - tail;
	};
	const quantile = (uniform) => {
		// the z with below(z) = u
		const u = Math.min(Math.max(uniform, 2 ** -54), 1 - 2 ** -53);
		const centred = u - 0.5;
		const ratio = ([above, under], t) => horner(above, t) / horner(under, t);
		if (Math.abs(centred) <= 0.425) return centred * ratio(normal.centre, 0.180625 - centred * centred);
		const t = Math.sqrt(-Math.log(Math.min(u, 1 - u)));
		return Math.sign(centred) * (t <= 5 ? ratio(normal.tail, t - 1.6) : ratio(normal.farTail, t - 5));
	};

	// For each activation: y of z, and dy/dz of (z, y).
	const activations = {
		relu: [(z) => Math.max(z, 0), (z, y) => (y > 0 ? 1 : 0)],
		leaky_relu: [(z) => Math.max(z, leak * z), (z, y) => (y > 0 ? 1 : leak)],
		tanh: [Math.tanh, (z, y) => 1 - y * y],
		sigmoid: [sigmoid, (z, y) => y * (1 - y)],
		softplus: [softplus, (z, y) => -Math.expm1(-y)],
		elu: [(z) => Math.max(z, 0) + Math.expm1(Math.min(z, 0)), (z, y) => 1 + Math.min(y, 0)],
		selu: [
			(z) => selu.scale * (Math.max(z, 0) + selu.alpha * Math.expm1(Math.min(z, 0))),
			(z, y) => (y > 0 ? selu.scale : y + selu.scale * selu.alpha),
		],
		silu: [(z) => z * sigmoid(z), (z, y) => sigmoid(z) + y * (1 - sigmoid(z))],
		gelu: [(z) => z * below(z), (z) => below(z) + z * density(z)],
		identity: [(z) => z, () => 1],
	};
	return { sigmoid, softplus, total, logSumExp, quantile, activations };
})();
