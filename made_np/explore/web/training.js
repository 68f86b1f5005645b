// Steps down the gradient: the rules Adam and SGD of made_np/optim.py, on one flat theta.
const Training = (() => {
	const BETA1 = 0.9;
	const BETA2 = 0.999;
	const EPS = 1e-8;

	const rules = {
		sgd(theta, g, memory, rate) {
			theta.forEach((_, k) => (theta[k] -= rate * g[k]));
		},
		adam(theta, g, memory, rate) {
			const { m, v, step: t } = memory;
			const unbiasM = 1 / (1 - BETA1 ** t);
			const unbiasV = 1 / (1 - BETA2 ** t);
			theta.forEach((_, k) => {
				m[k] += (1 - BETA1) * (g[k] - m[k]);
				v[k] += (1 - BETA2) * (g[k] * g[k] - v[k]);
				theta[k] -= (rate * unbiasM * m[k]) / (Math.sqrt(unbiasV) * Math.sqrt(v[k]) + EPS);
			});
		},
	};

	const fresh = (state) => ({ step: 0, m: state.theta.map(() => 0), v: state.theta.map(() => 0) });

	// Returns the losses before each step; theta and the memory of the rule change.
	function train(state, steps) {
		const made = Masks.of(state);
		const losses = [];
		for (let k = 0; k < steps; k++) {
			const values = Network.forward(state, made);
			const grad = Network.flat(state, Network.backward(state, made, values));
			if (!grad.every(Number.isFinite)) break;
			losses.push(values.loss);
			state.memory.step += 1;
			rules[state.rule](state.theta, grad, state.memory, state.rate);
		}
		return losses;
	}
	return { fresh, train };
})();
