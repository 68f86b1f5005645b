// What the raw outputs of one feature mean: a bit with its logit, or a real number with its mean and scale.
const Outputs = (() => {
	const LIMIT = 30; // of the exponent of a scale
	const width = (output) => (output.kind === "bernoulli" ? 1 : 2);

	function scaleOf(output, raw) {
		// the scale, what it is made from, and the slope of that
		if (output.kind === "gaussian") {
			const g = Numbers.softplus(raw);
			return [g + output.min_scale, g, Numbers.sigmoid(raw)];
		}
		const g = Math.exp(Math.min(Math.max(raw, -LIMIT), LIMIT));
		return [g + output.min_scale, g, Math.abs(raw) > LIMIT ? 0 : g];
	}

	// -log p(x), in nats, and its slope by each raw output.
	function nllAndGrad(output, raw, x) {
		if (output.kind === "bernoulli") {
			const sign = 1 - 2 * x;
			return [Numbers.softplus(sign * raw[0]), [sign * Numbers.sigmoid(sign * raw[0])]];
		}
		const [s, , slope] = scaleOf(output, raw[1]);
		const e = (x - raw[0]) / s;
		const nll = (e * e) / 2 + Math.log(s) + Math.log(2 * Math.PI) / 2;
		return [nll, [-e / s, (1 - e * e) * (slope / s)]];
	}

	// The value that a uniform number decides: the inverse of the cumulative distribution.
	function draw(output, raw, u) {
		if (output.kind === "bernoulli") return u < Numbers.sigmoid(raw[0]) ? 1 : 0;
		return raw[0] + scaleOf(output, raw[1])[0] * Numbers.quantile(u);
	}

	// What is said of a conditional: P(1), or mean and scale.
	const told = (output, raw) =>
		output.kind === "bernoulli" ? [Numbers.sigmoid(raw[0])] : [raw[0], scaleOf(output, raw[1])[0]];

	return { width, nllAndGrad, draw, told };
})();
