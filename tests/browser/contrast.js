// What axe-core finds wrong on this page. How a text stands out from its ground takes axe most of its time, so that is measured once
// for each way a text looks: `seen` holds those that passed before. A text that anything else lies upon or under is measured each time.
// With `only`, nothing but contrast is looked at: in another look of a page that was looked at whole.
async ({ seen, only }) => {
  // What rises or fades in is fainter on the way than anybody reads it.
  await Promise.allSettled(document.getAnimations().map((each) => each.finished));
  const known = new Set(seen), passed = new Set(), nothing = "rgba(0, 0, 0, 0)";
  const styles = new Map(), grounds = new Map();
  const styleOf = (each) => styles.get(each) || styles.set(each, getComputedStyle(each)).get(each);
  const paints = (each) => {
    const style = styleOf(each);
    return style.backgroundColor !== nothing || style.backgroundImage !== "none" || each.matches("img, svg, canvas, video, iframe");
  };
  // Everything that lies behind a text, or makes it fainter, from the text to the root.
  const groundOf = (each) => {
    if (!each) return "";
    if (grounds.has(each)) return grounds.get(each);
    const style = styleOf(each);
    const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter, style.mixBlendMode, style.backgroundClip].join();
    const plain = own === `${nothing},none,1,none,normal,border-box`;
    const all = plain ? groundOf(each.parentElement) : `${own}|${groundOf(each.parentElement)}`;
    grounds.set(each, all);
    return all;
  };
  const lookOf = (each) => {
    const style = styleOf(each);
    return [style.color, style.fontSize, style.fontWeight, style.textShadow, style.webkitTextFillColor, groundOf(each)].join(";");
  };
  const says = (each) => each.matches("input, select, textarea, button")
    || [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.nodeValue.trim());
  const visible = [...document.body.querySelectorAll("*")].filter((each) => each.checkVisibility({ visibilityProperty: true }));
  const boxes = visible.filter(paints).map((each) => [each, each.getBoundingClientRect()]);
  const isOverlaid = (each) => {
    const here = each.getBoundingClientRect();
    return boxes.some(([other, there]) => here.left < there.right - 1 && there.left < here.right - 1 && here.top < there.bottom - 1
      && there.top < here.bottom - 1 && !other.contains(each) && !each.contains(other));
  };
  const fresh = new Map();
  for (const each of visible.filter(says)) {
    const look = lookOf(each);
    const overlaid = isOverlaid(each);
    if (overlaid || !known.has(look)) fresh.set(each, overlaid ? "" : look);
  }
  if (only && !fresh.size) return { wrong: [], passed: [] };
  const contrast = axe._audit.rules.find((rule) => rule.id === "color-contrast");
  contrast.ours ??= contrast.matches;
  const isFresh = (each) => Boolean(each) && (fresh.has(each) || isFresh(each.parentElement));
  contrast.matches = (each, ...rest) => isFresh(each) && contrast.ours(each, ...rest);
  // What axe makes of its findings to be read, a selector for each element that passed, nobody reads here.
  // Axe leaves how large a target is (WCAG 2.2, 2.5.8) to whoever asks for it.
  const asked = only ? { runOnly: ["color-contrast"] } : { rules: { "target-size": { enabled: true } } };
  const results = await axe.run(document, { ...asked, reporter: (found, _options, done) => done(found) });
  // Only what axe has really measured, and passed, need not be measured again.
  for (const { node } of results.find((rule) => rule.id === "color-contrast").passes) {
    if (fresh.get(node.element)) passed.add(fresh.get(node.element));
  }
  const broken = results.filter((rule) => rule.violations.length);
  return { wrong: broken.map((rule) => [rule.id, rule.violations[0].node.source]), passed: [...passed] };
}
