/** Scales, ticks and the frame of a chart. */

function makeScale([low, high], [from, to], log = false) {
  const f = log ? Math.log10 : (value) => value;
  const span = f(high) - f(low) || 1;
  const scale = (value) => from + ((f(value) - f(low)) / span) * (to - from);
  scale.invert = (place) => {
    const value = f(low) + ((place - from) / (to - from)) * span;
    return log ? 10 ** value : value;
  };
  scale.ticks = (count) => (log ? logTicks(low, high) : niceTicks(low, high, count));
  return scale;
}

function niceTicks(low, high, count = 5) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) {
    ticks.push(Number(tick.toPrecision(12)));
  }
  return ticks;
}

function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** power;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks.length < 2 ? niceTicks(low, high, 4) : ticks.filter((_, index) => ticks.length < 9 || index % 3 === 0);
}

/** Tick text without the zeros that say nothing. */
function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) return value.toExponential(0).replace('-', '−');
  return String(Number(value.toPrecision(4))).replace('-', '−');
}

function drawFrame(box, x, y, labels) {
  const { left, right, top, bottom } = box;
  return svg('g', { class: 'frame' },
    y.ticks(5).map((tick) => [
      svg('line', { class: 'grid', x1: left, x2: right, y1: y(tick), y2: y(tick) }),
      svg('text', { class: 'tick', x: left - 7, y: y(tick), dy: '0.32em', 'text-anchor': 'end' }, tickText(tick)),
    ]),
    x.ticks(Math.max(2, Math.floor((right - left) / 80))).map((tick) =>
      svg('text', { class: 'tick', x: x(tick), y: bottom + 17, 'text-anchor': 'middle' }, tickText(tick))),
    svg('line', { class: 'base', x1: left, x2: right, y1: bottom, y2: bottom }),
    labels.x && svg('text', { class: 'label', x: right, y: bottom + 32, 'text-anchor': 'end' }, labels.x));
}

function linePath(points) {
  let path = '';
  let open = false;
  for (const [px, py] of points) {
    if (py === null || Number.isNaN(py)) { open = false; continue; }
    path += `${open ? 'L' : 'M'}${px.toFixed(1)},${py.toFixed(1)}`;
    open = true;
  }
  return path;
}
