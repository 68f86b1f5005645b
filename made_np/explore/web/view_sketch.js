// A larger model, of which the page computes the first features: more of it, drawn without numbers.
const ViewSketch = (() => {
	const { h, s, put, $ } = Dom;

	function picture(sketch, n) {
		const width = Math.max($("sketch").clientWidth || 700, 300);
		const columns = [
			Masks.range(n).map((k) => k + 1),
			...sketch.degrees.map((layer) => layer.filter((d) => d < n)),
			Masks.range(n).map((k) => k + 1),
		];
		const height = Math.max(220, Math.min(12 * Math.max(...columns.map((c) => c.length)), 900));
		const place = (c, k) => [
			14 + (c * (width - 28)) / (columns.length - 1),
			10 + ((k + 0.5) * (height - 20)) / columns[c].length,
		];
		let lines = "";
		columns.slice(1).forEach((above, c) =>
			above.forEach((a, k) =>
				columns[c].forEach((b, j) => {
					const last = c === columns.length - 2;
					if (last ? a > b : a >= b)
						lines += `M${place(c, j)
							.map((v) => v.toFixed(1))
							.join(" ")}L${place(c + 1, k)
							.map((v) => v.toFixed(1))
							.join(" ")}`;
				}),
			),
		);
		return s(
			"svg",
			{
				width,
				height,
				viewBox: `0 0 ${width} ${height}`,
				class: "sketch",
				role: "img",
				"aria-label": `the first ${n} features of the model with their wires`,
			},
			s("path", { d: lines, class: "wire live", "stroke-width": 0.5 }),
			columns.map((column, c) =>
				column.map((d, k) => {
					const [cx, cy] = place(c, k);
					return s("circle", {
						cx,
						cy,
						r: 3.5,
						class: d <= sketch.shown && (c === 0 || c === columns.length - 1) ? "own" : "unit-dot",
					});
				}),
			),
		);
	}

	function draw(app) {
		const { sketch } = DATA;
		$("sketch-section").hidden = !sketch;
		if (!sketch) return;
		const n = (app.view.sketched = Math.min(
			app.view.sketched || Math.min(sketch.names.length, 12),
			sketch.names.length,
		));
		put(
			"sketch-about",
			`This file holds ${sketch.features} features with ${sketch.hidden.join(" and ") || "no"} hidden units. A feature hears only of those before it, so the first ${sketch.shown} in its order (orange) are a MADE of their own, with the very same probabilities: all numbers on this page are theirs. Here are the first ${n}, without numbers.`,
		);
		put("sketch", picture(sketch, n));
		put(
			"sketch-tools",
			Dom.button("sketch-fewer", "Fewer", () => app.look(() => (app.view.sketched = Math.max(2, n - 4))), {
				disabled: n <= 2,
			}),
			Dom.button(
				"sketch-more",
				"More",
				() => app.look(() => (app.view.sketched = Math.min(sketch.names.length, n + 4))),
				{ disabled: n >= sketch.names.length },
			),
		);
	}
	return { draw };
})();
