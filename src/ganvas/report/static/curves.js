/** Curves: a card per metric, a line per group of runs, its band over images and seeds. */

const curveMetrics = [...new Set(data.curves.ofRun.flatMap((curve) => Object.keys(curve.mean)))];

function curveGroups(list) {
  if (state.lines === 'run') return list.map((run) => ({ name: runName(run), runs: [run], run }));
  const axis = axisByName.get(state.lines || defaultLines());
  if (axis) {
    return axis.levels.map((name, place) => ({ name, place, runs: list.filter((run) => level(axis, run) === name) }))
      .filter((group) => group.runs.length);
  }
  const settings = new Map();
  for (const run of list) {
    const setting = data.analysis.settingOfRun[run.index];
    settings.set(setting, [...(settings.get(setting) ?? []), run]);
  }
  const order = (data.analysis.ranking[state.metric] ?? []).map((row) => row.setting);
  const rank = (setting) => (order.includes(setting) ? order.indexOf(setting) : 1e9);
  return [...settings].sort((a, b) => rank(a[0]) - rank(b[0])).slice(0, SERIES)
    .map(([setting, members], place) => ({ name: settingName(setting), place, runs: members }));
}

function defaultLines() {
  const shares = Object.entries(data.analysis.importance[state.metric] ?? {}).filter(([name]) => !axisByName.get(name)?.unit);
  return shares.sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'setting';
}

function curvesView() {
  const list = visibleRuns();
  const groups = curveGroups(list);
  const good = goodness(state.metric, list);
  for (const [place, group] of groups.entries()) {
    group.color = group.run
      ? `color-mix(in oklab, var(--good) ${Math.round(100 * (good(final(state.metric, group.run)) ?? 0))}%, var(--poor))`
      : seriesColor(group.place ?? place);
  }
  const shown = state.only && curveMetrics.includes(state.only) ? [state.only] : curveMetrics;
  const legend = groups.length <= 12 && h('div', { class: 'legend' }, groups.map((group) =>
    h('span', { style: { '--c': group.color } }, h('i'), group.name, h('small', {}, ` ${group.runs.length}`))));
  const grid = h('div', { class: `curves${shown.length === 1 ? ' one' : ''}` });
  requestAnimationFrame(() => append(grid, shown.map((metric) => curveCard(metric, groups, chartWidth(grid.clientWidth)))));
  return h('section', { class: 'view' }, curvesBar(), legend,
    state.lines === 'setting' && h('p', { class: 'note' }, `The best ${groups.length} settings by ${state.metric}.`),
    curveMetrics.length ? grid : h('p', { class: 'empty' }, 'No curve has been recorded yet.'));
}

function curvesBar() {
  const lines = [...axes.map((axis) => [axis.name, axis.short]), ['setting', 'setting'], ['run', 'run']];
  const slider = h('input', { type: 'range', min: 0, max: 0.95, step: 0.05, value: state.smooth, 'data-key': 'smooth',
    oninput: () => set({ smooth: slider.value }) });
  return h('div', { class: 'bar' },
    select('a line per', lines, axisByName.get(state.lines || defaultLines())?.name ?? (state.lines || defaultLines()), (value) => set({ lines: value })),
    choice('x', [['step', 'step'], ['seconds', 'wall-clock']], state.x, (x) => set({ x })),
    toggle('log', Boolean(state.log), (on) => set({ log: on ? '1' : '' })),
    toggle('band', state.band === '1', (on) => set({ band: on ? '1' : '0' }), 'Standard deviation over images and seeds'),
    h('label', { class: 'field' }, h('span', {}, 'smooth'), slider, h('output', {}, Number(state.smooth).toFixed(2))));
}

/** Width inside a card, of as many cards as the style sheet puts side by side. */
function chartWidth(all) {
  const count = state.only ? 1 : Math.max(1, Math.floor((all + 16) / 476));
  return Math.max(260, (all - 16 * (count - 1)) / count - (innerWidth <= 720 ? 28 : 38));
}

function curveCard(metric, groups, width) {
  const time = state.x === 'seconds';
  const series = groups.map((group) => ({ ...group, points: bandOf(group.runs, metric, time) })).filter((item) => item.points.length);
  const card = h('figure', { class: 'card curve', 'data-metric': metric }, h('figcaption', {}, metric,
    h('button', { type: 'button', class: 'plain', title: state.only ? 'All metrics' : 'Enlarge',
      onclick: () => set({ only: state.only ? '' : metric }) }, state.only ? '⤡' : '⤢')));
  const height = state.only ? Math.max(320, innerHeight - 300) : 280;
  card.append(drawCurves(metric, series, width, height, time));
  return card;
}

function drawCurves(metric, series, width, height, time) {
  const box = { left: 54, right: width - 12, top: 8, bottom: height - 38 };
  const banded = state.band === '1' && series.length <= 12;
  const positive = (value) => !state.log || value > 0;
  const ys = series.flatMap(({ points }) => points.flatMap(([, mean, sd]) => (banded ? [mean - sd, mean, mean + sd] : [mean]))).filter(positive);
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const root = svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': `${metric} by ${state.x}` });
  if (!ys.length) return append(root, [svg('text', { x: width / 2, y: height / 2, 'text-anchor': 'middle', class: 'tick' }, 'no values above zero')]);
  const [low, high] = extent(ys);
  const pad = state.log ? 0 : (high - low || 1) * 0.05;
  const x = makeScale([Math.min(...xs), Math.max(...xs)], [box.left, box.right]);
  const y = makeScale([low - pad, high + pad], [box.bottom, box.top], Boolean(state.log));
  const clamp = (value) => (positive(value) ? y(value) : box.bottom);
  const amount = Number(state.smooth);
  root.append(drawFrame(box, x, y, { x: time ? 'seconds' : 'step' }));
  for (const item of series) {
    const style = { '--c': item.color };
    if (banded) {
      const upper = item.points.map(([px, mean, sd]) => [x(px), clamp(mean + sd)]);
      const lower = item.points.map(([px, mean, sd]) => [x(px), clamp(mean - sd)]).reverse();
      root.append(svg('path', { class: 'band', style, d: `${linePath([...upper, ...lower])}Z` }));
    }
    const raw = item.points.map(([px, mean]) => [x(px), positive(mean) ? y(mean) : null]);
    if (amount > 0) {
      const means = smoothed(item.points.map(([, mean]) => mean), amount);
      root.append(svg('path', { class: 'line raw', style, d: linePath(raw) }));
      root.append(svg('path', { class: 'line', style, d: linePath(item.points.map(([px], place) => [x(px), clamp(means[place])])) }));
    } else root.append(svg('path', { class: series.length > 24 ? 'line thin' : 'line', style, d: linePath(raw) }));
  }
  hoverCurves(root, series, box, x, y, width, time);
  return root;
}

function hoverCurves(root, series, box, x, y, width, time) {
  const rule = svg('line', { class: 'rule', y1: box.top, y2: box.bottom, visibility: 'hidden' });
  const dots = svg('g');
  root.append(rule, dots);
  root.addEventListener('pointermove', (event) => {
    const bounds = root.getBoundingClientRect();
    const at = x.invert(((event.clientX - bounds.left) * width) / bounds.width);
    const rows = series.map((item) => {
      const near = item.points.reduce((best, point) => (Math.abs(point[0] - at) < Math.abs(best[0] - at) ? point : best));
      return { ...item, near };
    }).sort((a, b) => b.near[1] - a.near[1]);
    const px = rows[0].near[0];
    rule.setAttribute('x1', x(px));
    rule.setAttribute('x2', x(px));
    rule.setAttribute('visibility', 'visible');
    dots.replaceChildren(...rows.filter((row) => !state.log || row.near[1] > 0).map((row) =>
      svg('circle', { class: 'dot', r: 3.5, cx: x(row.near[0]), cy: y(row.near[1]), style: { '--c': row.color } })));
    showTip(event, h('b', {}, time ? duration(px) : `step ${px}`), rows.slice(0, 12).map((row) =>
      h('div', { class: 'line-row', style: { '--c': row.color } }, h('i'), h('span', {}, row.name), h('b', {}, num(row.near[1])), h('small', {}, `± ${num(row.near[2], 3)}`))));
  });
  root.addEventListener('pointerleave', () => {
    hideTip();
    rule.setAttribute('visibility', 'hidden');
    dots.replaceChildren();
  });
}
