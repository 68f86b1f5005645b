// One pass in small steps, from x to the loss with its way back: what each computes, and the sentence that says it.
const Steps = (() => {
	const { num, nameOf, count, list } = Words;

	// Each step: its name, the phase, the values that it shows (name, "value" or "grad"), what it says.
	function of(state) {
		const depth = state.degrees.length;
		const steps = [{ id: "x", back: false, shows: [["x", "value"]], say: sayRow }];
		for (let l = 0; l < depth; l++) {
			const below = l ? `h${l - 1}` : "x";
			steps.push({
				id: `z${l}`,
				back: false,
				shows: [
					[below, "value"],
					[`W${l}`, "value"],
					[`b${l}`, "value"],
					[`z${l}`, "value"],
				],
				say: saySum(l),
			});
			steps.push({
				id: `h${l}`,
				back: false,
				shows: [
					[`z${l}`, "value"],
					[`h${l}`, "value"],
				],
				say: sayBend,
			});
		}
		const direct = state.direct ? [["W_direct", "value"]] : [];
		const weights = depth
			? [
					[`h${depth - 1}`, "value"],
					[`W${depth}`, "value"],
				]
			: [["x", "value"]];
		steps.push({
			id: "raw",
			back: false,
			shows: [...weights, [`b${depth}`, "value"], ...direct, ["raw", "value"]],
			say: sayRaw,
		});
		steps.push({
			id: "nll",
			back: false,
			shows: [
				["raw", "value"],
				["x", "value"],
				["nll", "value"],
			],
			say: sayCost,
		});
		steps.push({ id: "loss", back: false, shows: [["nll", "value"]], say: sayLoss });
		steps.push({ id: "d nll", back: true, shows: [["nll", "grad"]], say: sayTurn });
		steps.push({ id: "d raw", back: true, shows: [["raw", "grad"]], say: sayOutputs });
		const own = (l) => [...(depth ? [[`W${l}`, "grad"]] : []), [`b${l}`, "grad"]];
		steps.push({
			id: depth ? `dW${depth}` : "db0",
			back: true,
			shows: [...own(depth), ...(state.direct ? [["W_direct", "grad"]] : [])],
			say: sayWeights,
		});
		for (let l = depth - 1; l >= 0; l--) {
			steps.push({ id: `dh${l}`, back: true, shows: [[`h${l}`, "grad"]], say: sayUnits });
			steps.push({ id: `dz${l}`, back: true, shows: [[`z${l}`, "grad"]], say: saySlope });
			steps.push({ id: `dW${l}`, back: true, shows: own(l), say: l ? sayWeights : sayEnd });
		}
		return steps;
	}

	const sayRow = (state) =>
		`Row ${state.row + 1} of ${state.x.length}, in the order in which features are generated: ` +
		`${list(state.order.map((i) => `${nameOf(state, i)} = ${num(state.x[state.row][i])}`))}.`;
	const saySum = (l) => (state, report) => {
		const mask = report.masks[`W${l}`].flat();
		const cut = mask.filter((wire) => !wire).length;
		return `Each unit adds up what its mask lets through: what has no larger degree than itself. ${cut} of ${mask.length} wires are cut.`;
	};
	const sayBend = (state) =>
		state.activation === "identity"
			? "The activation is the identity: h is z."
			: `Each unit bends its own sum by ${state.activation}. No mask is needed: a unit stays itself.`;
	const sayRaw = (state, report) => {
		const first = state.order.find((i) => !Words.seenBy(state, report, i).length);
		const alone = first === undefined ? "" : ` ${nameOf(state, first)} hears of nothing: its bias alone decides.`;
		return `Each output adds up what has a degree ${state.broken.loose_output ? "no larger than" : "strictly below"} its own.${alone}`;
	};
	const sayCost = (state, report) => {
		const costs = report.values.nll[state.row];
		const dearest = costs.indexOf(Math.max(...costs));
		return `Each value costs \u2212log p of itself, in nats. The dearest of row ${state.row + 1} is ${nameOf(state, dearest)}: ${num(costs[dearest])}.`;
	};
	const sayLoss = (state, report) =>
		`The loss adds up over features, and is the mean over ${count(state.x.length, "row")}: ${num(report.loss, 3)} nats. Here 1/B enters, once.`;
	const sayTurn = (state) =>
		`Now backwards, asking everywhere: how does the loss move with this number? With each cost by 1/B = 1/${state.x.length}.`;
	const sayOutputs = (state) =>
		state.outputs.every((output) => output.kind === "bernoulli")
			? "With each output by (p \u2212 x) / B: what was predicted, less what was there."
			: "With each raw output by the slope of its cost, times 1/B.";
	const sayWeights = (state) =>
		state.broken.unmasked_gradient
			? "Each weight gathers, over rows, the slope above it times the value below. The mask was forgotten: red gradients ought to be 0."
			: "Each weight gathers, over rows, the slope above it times the value below; struck out is what the mask sets to exactly 0.";
	const sayUnits = () =>
		"Each unit gathers the slopes of all that hear it, through the same wires and the same weights as on the way forward.";
	const saySlope = (state) =>
		state.activation === "tanh"
			? "Through tanh a slope shrinks by 1 \u2212 h\u00b2: what is saturated learns little."
			: `Through ${state.activation} each slope is multiplied by that of the activation at z.`;
	const sayEnd = (state, report) => `${sayWeights(state, report)} Every parameter has its gradient now: train.`;

	return { of };
})();
