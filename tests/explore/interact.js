// Does n things at random, by a seed, as a person would: presses, keys, entries. Returns what stands after each.
(seed, n) => {
  let s = seed;
  const random = (k) => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) % k;
  };
  const keys = ["ArrowRight", "ArrowLeft", "[", "]", "+", "-", "s", "t", "Escape", "m", "b"];
  const seen = [];
  for (let k = 0; k < n; k++) {
    const only = random(4) ? ":not(.cell, [id^=step-], [id^=row-])" : "";
    const things = [...document.querySelectorAll(`main button:not(:disabled)${only}, main g.unit, main input`)]
      .filter((e) => e.checkVisibility() && !["play", "train-100", "restart"].includes(e.id));
    const thing = things[random(things.length)];
    if (random(4) === 0) {
      thing.focus();
      const key = keys[random(keys.length)];
      document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    } else if (thing.matches("input")) {
      thing.value = (random(2000) / 1000 - (thing.type === "range" ? 0 : 1)).toFixed(3);
      thing.dispatchEvent(new Event("change", { bubbles: true }));
    } else thing.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    seen.push([thing.id, made_np.state(), made_np.shown()]);
  }
  return seen;
}
