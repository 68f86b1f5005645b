// The contrast of every word that can be seen with what lies under it, the worst first: [ratio, word].
(() => {
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const linear = (share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (first, second) => {
    const [more, less] = [light(first), light(second)].sort((a, b) => b - a);
    return (more + 0.05) / (less + 0.05);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const circles = [...document.querySelectorAll("g.unit circle")];
  const disc = (digit) => circles.find((circle) =>
    Math.abs(circle.cx.baseVal.value - digit.x.baseVal[0].value) < 1
    && Math.abs(circle.cy.baseVal.value + 5 - digit.y.baseVal[0].value) < 1);

  const seen = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const word = walk.currentNode.textContent.trim();
    const element = walk.currentNode.parentElement;
    if (!word || !element.checkVisibility() || element.closest("script, style, noscript, :disabled")) continue;
    const style = getComputedStyle(element);
    const ink = parse(element instanceof SVGElement ? style.fill : style.color);
    const under = element.classList.contains("degree") ? parse(getComputedStyle(disc(element)).fill) : ground(element);
    seen.push([ratio(ink, under), word.slice(0, 30)]);
  }
  return seen.sort((a, b) => a[0] - b[0]);
})()
