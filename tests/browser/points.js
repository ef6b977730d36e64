// What a pointer would hit at a grid of points over every control that can be seen: `survey(within, kinds,
// across, down)` tells of each its kind (by a selector), how many points were tried and which of them are dead;
// `grid(control, across, down, edge)` is the grid alone, as [x, y] of the window. The outermost points lie `edge`
// pixels inside; what round corners leave out and what a box around it cuts off is left out. `inSight(control)`: whether
// nothing lies over it and nothing of it is out of the window; `reached(control)`: whether that is so of a part.
(() => {
  // What of a control can be seen: its own box, or what is drawn in its place.
  const face = (control) => {
    const drawn = getComputedStyle(control).opacity !== "0" && !control.matches(".unseen");
    if (control.matches("video")) return control.closest(".frame");
    return drawn ? control : control.closest(".switch")?.querySelector(".knob") ?? control.closest("label, .drop-zone");
  };
  const uncut = (element, box) => {
    let { left, top, right, bottom } = box;
    for (let each = element.parentElement; each && each !== document.body; each = each.parentElement) {
      if (getComputedStyle(each).overflow === "visible") continue;
      const edge = each.getBoundingClientRect();
      [left, top] = [Math.max(left, edge.left), Math.max(top, edge.top)];
      [right, bottom] = [Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
    }
    return ([x, y]) => x > left && x < right && y > top && y < bottom;
  };
  const unrounded = (element, { left, top, right, bottom, width, height }) => ([x, y]) => {
    const [down, across] = [y < (top + bottom) / 2 ? "Top" : "Bottom", x < (left + right) / 2 ? "Left" : "Right"];
    const round = parseFloat(getComputedStyle(element)[`border${down}${across}Radius`]) || 0;
    const radius = Math.min(round, width / 2, height / 2);
    const beside = Math.max(left + radius - x, x - (right - radius), 0);
    const beyond = Math.max(top + radius - y, y - (bottom - radius), 0);
    return !beside || !beyond || Math.hypot(beside, beyond) < radius - 1;
  };
  const spread = (from, to, count, edge) => {
    const inset = Math.min(edge, (to - from) / 2);
    return Array.from({ length: count }, (_, at) => from + inset + ((to - from - 2 * inset) * at) / (count - 1));
  };
  const grid = (control, across, down, edge = 2) => {
    face(control).scrollIntoView({ block: "center", behavior: "instant" });
    return here(control, across, down, edge);
  };
  const here = (control, across, down, edge) => {
    const seen = face(control);
    const boxes = [...seen.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
    return boxes.flatMap((box) =>
      spread(box.top, box.bottom, down, edge)
        .flatMap((y) => spread(box.left, box.right, across, edge).map((x) => [x, y]))
        .filter(uncut(seen, box))
        .filter(unrounded(seen, box)));
  };
  const acts = (control, hit) => control.contains(hit) || hit?.closest("label")?.control === control;
  const tag = (element) => element?.outerHTML.replace(/>[^]*/, ">") ?? "nothing";
  const CONTROLS = "a[href], button, summary, select, textarea, input:not([type=hidden]), video[controls]";
  const survey = (within, kinds, across, down) =>
    [...document.querySelectorAll(`:is(${within}) :is(${CONTROLS})`)]
      .filter((control) => control.checkVisibility({ visibilityProperty: true }) && !control.disabled)
      .filter((control) => !control.closest(".skip, [aria-hidden=true]"))
      .map((control) => {
        const points = grid(control, across, down);
        const dead = points.filter(([x, y]) => !acts(control, document.elementFromPoint(x, y)));
        return {
          control: tag(control),
          kind: Object.keys(kinds).find((kind) => control.matches(kinds[kind])) ?? "a control of no kind",
          points: points.length,
          dead: dead.map(([x, y]) => `${Math.round(x)}, ${Math.round(y)} is ${tag(document.elementFromPoint(x, y))}`),
        };
      });
  // Whether it can be seen where it is now: whole, in the window, under nothing.
  const inSight = (control) => {
    const points = here(control, 3, 3, 2);
    return points.length > 4 && points.every(([x, y]) => acts(control, document.elementFromPoint(x, y)));
  };
  const reached = (control) =>
    here(control, 5, 5, 2).some(([x, y]) => acts(control, document.elementFromPoint(x, y)));
  return { grid, survey, inSight, reached };
})()
