// The network forward and backward, as in made_np/layers.py: one value with its gradient at a time.
const Network = (() => {
	const { range } = Masks;

	// Names and shapes of all parameters, in the sequence in which theta holds them.
	function layout(state) {
		const outs = Masks.unitsOf(state).length;
		const widths = [state.order.length, ...state.degrees.map((layer) => layer.length), outs];
		const names = [];
		widths.slice(1).forEach((width, l) => {
			if (state.degrees.length) names.push([`W${l}`, [width, widths[l]]]);
			names.push([state.degrees.length ? `b${l}` : "b0", [width]]);
		});
		if (state.direct) names.push(["W_direct", [outs, widths[0]]]);
		return names;
	}

	function views(state, theta = state.theta) {
		// theta cut into matrices (lists of rows) and biases (lists)
		let at = 0;
		return Object.fromEntries(
			layout(state).map(([name, [rows, columns]]) => {
				const cut = (n) => theta.slice(at, (at += n));
				return [name, columns === undefined ? cut(rows) : range(rows).map(() => cut(columns))];
			}),
		);
	}

	const flat = (state, parts) => layout(state).flatMap(([name]) => parts[name].flat());

	// y = x (W * mask)^T + b
	const linear = (x, W, b, mask) =>
		x.map((row) =>
			W.map((w, o) => w.reduce((sum, weight, i) => (mask[o][i] ? sum + weight * row[i] : sum), b ? b[o] : 0)),
		);

	// `nudge` = {name, row, column, by} adds to one number on its way: what difference quotients are made of.
	function forward(state, made, theta = state.theta, rows = state.x, nudge = null) {
		const values = views(state, theta);
		const keep = (name, value) => {
			if (nudge && nudge.name === name) value[nudge.row][nudge.column] += nudge.by;
			return (values[name] = value);
		};
		const [act] = Numbers.activations[state.activation];
		const depth = state.degrees.length;
		let h = keep(
			"x",
			rows.map((row) => [...row]),
		);
		for (let l = 0; l < depth; l++) {
			const below = h;
			const z = keep(`z${l}`, linear(below, values[`W${l}`], values[`b${l}`], made.masks[`W${l}`]));
			const skip = made.skips[l];
			h = keep(
				`h${l}`,
				z.map((row, n) => row.map((value, k) => act(value) + (skip && skip[k] ? below[n][k] : 0))),
			);
		}
		const raw = depth
			? linear(h, values[`W${depth}`], values[`b${depth}`], made.masks[`W${depth}`])
			: rows.map(() => [...values.b0]);
		if (state.direct) {
			const past = linear(values.x, values.W_direct, null, made.masks.W_direct);
			raw.forEach((row, n) => row.forEach((_, o) => (row[o] += past[n][o])));
		}
		keep("raw", raw);
		const cut = slices(state);
		keep(
			"nll",
			raw.map((row, n) =>
				state.outputs.map((output, i) => Outputs.nllAndGrad(output, row.slice(...cut[i]), rows[n][i])[0]),
			),
		);
		values.loss = Numbers.total(values.nll.flat()) / rows.length;
		return values;
	}

	const slices = (state) => {
		// the raw outputs of each feature
		let at = 0;
		return state.outputs.map((output) => [at, (at += Outputs.width(output))]);
	};

	// The gradient of the loss by every value, from right to left. The gradient of x is that of x as input.
	function backward(state, made, values) {
		const B = values.x.length;
		const depth = state.degrees.length;
		const slope = Numbers.activations[state.activation][1];
		const grads = { loss: 1, nll: values.nll.map((row) => row.map(() => 1 / B)) };
		const cut = slices(state);
		grads.raw = values.raw.map((row, n) =>
			state.outputs.flatMap((output, i) =>
				Outputs.nllAndGrad(output, row.slice(...cut[i]), values.x[n][i])[1].map((d) => d / B),
			),
		);
		const back = (name, dy, below) => {
			// dW = (dy^T x) * mask; returns dx = dy (W * mask)
			const mask = made.masks[name];
			const W = values[name];
			const keep = (o, i) => mask[o][i] || state.broken.unmasked_gradient; // the mistake: dW without its mask
			grads[name] = W.map((row, o) =>
				row.map((_, i) => (keep(o, i) ? dy.reduce((sum, d, n) => sum + d[o] * below[n][i], 0) : 0)),
			);
			return dy.map((d) => below[0].map((_, i) => d.reduce((sum, g, o) => (mask[o][i] ? sum + g * W[o][i] : sum), 0)));
		};
		const columns = (dy) => dy[0].map((_, o) => dy.reduce((sum, d) => sum + d[o], 0));
		const add = (a, b) => a.map((row, n) => row.map((value, i) => value + b[n][i]));
		const direct = state.direct ? back("W_direct", grads.raw, values.x) : null;
		let dy = grads.raw;
		let above = null; // the gradient of what left the layer above, for skips
		for (let l = depth; l >= 0; l--) {
			grads[`b${l}`] = columns(dy);
			if (!depth) break;
			const below = l ? values[`h${l - 1}`] : values.x;
			let dx = back(`W${l}`, dy, below);
			const skip = l < depth && made.skips[l];
			if (skip)
				dx = add(
					dx,
					above.map((row) => row.map((d, k) => (skip[k] ? d : 0))),
				);
			if (!l) {
				grads.x = dx;
				break;
			}
			grads[`h${l - 1}`] = above = dx;
			dy = grads[`z${l - 1}`] = dx.map((row, n) =>
				row.map((d, k) => d * slopeAt(state, made, values, slope, l - 1, n, k)),
			);
		}
		const nothing = values.x.map((row) => row.map(() => 0));
		grads.x = direct ? add(grads.x || nothing, direct) : grads.x || nothing;
		return grads;
	}

	function slopeAt(state, made, values, slope, l, n, k) {
		const skip = made.skips[l];
		const z = values[`z${l}`][n][k];
		const y = skip && skip[k] ? Numbers.activations[state.activation][0](z) : values[`h${l}`][n][k];
		return slope(z, y);
	}

	return { layout, views, flat, forward, backward, slices };
})();
