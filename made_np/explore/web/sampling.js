// One row, feature by feature: each is decided by its conditional with a uniform number.
const Sampling = (() => {
	// What the conditional of `feature` says, once the features before it are known; what is not known yet counts as 0.
	function conditional(state, made, row, feature) {
		const known = row.map((value) => (value === null ? 0 : value));
		const raw = Network.forward(state, made, state.theta, [known]).raw[0];
		return raw.slice(...Network.slices(state)[feature]);
	}

	// All features from the first on: their raw outputs with what was drawn, in the order.
	function walk(state, made = Masks.of(state), steps = state.order.length) {
		const row = state.order.map(() => null);
		const told = [];
		state.order.slice(0, steps).forEach((feature) => {
			const raw = conditional(state, made, row, feature);
			told.push(Outputs.told(state.outputs[feature], raw));
			row[feature] = Outputs.draw(state.outputs[feature], raw, state.uniforms[feature]);
		});
		return { row, told };
	}
	return { conditional, walk };
})();
