// How numbers, features, conditionals and mistakes are said.
const Words = (() => {
	const minus = (text) => text.replaceAll("-", "\u2212");

	// A number in few digits: 0 is exactly 0.
	function num(value, digits = 2) {
		if (!Number.isFinite(value)) return Number.isNaN(value) ? "no number" : value > 0 ? "infinite" : minus("-infinite");
		const size = Math.abs(value);
		if (Number.isInteger(value) && size < 1e5) return minus(String(value));
		if (size < 0.5 * 10 ** -digits || size >= 1e5) return minus(value.toExponential(0));
		return minus(value.toFixed(digits));
	}
	const finite = (value) => (Number.isFinite(value) ? value : 0); // for pictures: what has overflowed is not drawn

	// A sum of p: with as many digits as it takes to tell it from 1.
	function sumOf(p, digits = 4) {
		const same = Number(p.toFixed(digits)) === 1;
		return same && isOff(p) && digits < 10 ? sumOf(p, digits + 2) : num(p === 1 ? 1 + 1e-15 : p, digits);
	}
	const isOff = (sum) => !(Math.abs(sum - 1) <= 1e-9);
	const short = (name, most = 12) => (name.length > most ? `${name.slice(0, most - 1)}\u2026` : name);
	const nameOf = (state, i) => short(state.names[i]);
	const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
	const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

	// The features that i depends on, in the order.
	const seenBy = (state, report, i) => state.order.filter((j) => report.reach[i][j]);
	function conditional(state, report, i, most = 30) {
		const seen = seenBy(state, report, i).map((j) => nameOf(state, j));
		const long = seen.length > 6 || seen.join(", ").length > most;
		const told = long ? `${seen.length} features` : seen.join(", ");
		return `p(${nameOf(state, i)}${seen.length ? ` | ${told}` : ""})`;
	}
	const outcome = (state, i, told) =>
		state.outputs[i].kind === "bernoulli" ? num(told[0]) : `${num(told[0])} \u00b1 ${num(told[1])}`;

	// What a value, or its gradient, is called.
	const called = (name, what) => (what === "grad" ? `d${/^[rn]/.test(name) ? " " : ""}${name}` : name);

	const rule = (state, name) => {
		const last = name === "W_direct" || name === `W${state.degrees.length}`;
		if (state.broken.open === name) return "no mask at all";
		const above = last ? "output" : "unit";
		const below = name === "W0" || name === "W_direct" ? "input" : "unit";
		return `${above} ${last && !state.broken.loose_output ? ">" : ">="} ${below}`;
	};

	const BREAKS = {
		loose_output: [">= at the output", "An output may hear units of its own degree, and those hear its own feature."],
		order_for_position: ["order for position", "Degrees are read off the order, not off its inverse."],
		degrees_from_zero: ["degrees from 0", "Hidden degrees begin at 0 while features count from 1."],
		unmasked_gradient: ["dW without its mask", "The forward pass is right; the gradient forgets the mask."],
		averaged_logits: ["averaged logits", "Rows are scored by the mean logits of this order and its reverse."],
	};
	const isBroken = (state) => Object.values(state.broken).some(Boolean);
	const structural = ({ broken }) =>
		broken.loose_output || broken.open || broken.order_for_position || broken.degrees_from_zero;

	function dependency(state, [i, j]) {
		return i === j
			? `${nameOf(state, i)} hears of itself`
			: `${nameOf(state, i)} hears of ${nameOf(state, j)}, which comes later`;
	}

	// What is to be said of the state as a whole: the kind of news, and a sentence.
	function verdict(state, report) {
		const { leaks, lost } = Report.faults(state, report);
		const rows = report.all ? `all ${report.all.rows.length} rows` : "";
		const sum = report.all ? sumOf(report.all.sum) : "";
		const off = report.all && isOff(report.all.sum);
		if (leaks.length) {
			const more = leaks.length > 1 ? ` (and ${leaks.length - 1} more)` : "";
			const first = `Leak: ${dependency(state, leaks[0])}${more}.`;
			const other = Report.orderOf(report);
			if (other) {
				const told = list(other.map((i) => nameOf(state, i)));
				return [
					"bad",
					`${first} These are masks of another order: ${told}. It is a density${report.all ? ` (p adds up to ${sum})` : ""}, but what is drawn in the order meant is wrong.`,
				];
			}
			if (report.all && !off)
				return [
					"odd",
					`${first} But the weights of these wires are 0 so far, and the sum is still 1: train, and see both leave.`,
				];
			if (!report.all) return ["bad", `${first} The product of its conditionals is no density any more.`];
			const better =
				report.scored < report.floor
					? ` The loss of ${num(report.scored, 3)} got \u201cbetter\u201d than the ${num(report.floor, 3)} below which no density can be.`
					: ` Train it, and see the loss get \u201cbetter\u201d.`;
			return ["bad", `${first} Over ${rows} p adds up to ${sum}: this is no density.${better}`];
		}
		if (state.broken.averaged_logits && report.all) {
			const { two } = report.all;
			return [
				off ? "bad" : "odd",
				`Averaged logits of two orders add up to ${sumOf(two.averaged_logits)}; their mixture, ` +
					`the mean of p, to ${sumOf(two.mixture)}; the mean of log p to ${sumOf(two.mean_of_logs)}.`,
			];
		}
		if (lost.length) {
			const [i, j] = lost[0];
			return [
				"odd",
				`Lost: ${count(lost.length, "dependency", "dependencies")}; ${nameOf(state, i)} cannot hear of ${nameOf(state, j)}` +
					`${report.all ? `. It is a density still (the sum is ${sum}), and a poorer one` : ""}.`,
			];
		}
		if (state.broken.unmasked_gradient) {
			const moved = Report.idle(state, report, state.start);
			return [
				"odd",
				moved
					? `Weights without a wire have moved by up to ${num(moved, 3)}, and the loss does not care.`
					: "The gradient forgot its mask: train, and weights without a wire move, which the loss does not care about.",
			];
		}
		if (structural(state)) {
			const why = state.broken.order_for_position
				? " This order is its own inverse: move a feature, and it shows."
				: "";
			return ["odd", `Broken, and nothing shows.${why}`];
		}
		if (!report.all)
			return ["good", "Each conditional is a density, and none hears of itself: so their product is a density."];
		return ["good", `Over ${rows} p adds up to ${sum}: a density.`];
	}

	return {
		num,
		finite,
		called,
		sumOf,
		isOff,
		short,
		nameOf,
		list,
		count,
		seenBy,
		conditional,
		outcome,
		rule,
		BREAKS,
		isBroken,
		verdict,
	};
})();
