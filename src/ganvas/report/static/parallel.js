/** Parallel coordinates over the axes and the metric; drag along an axis to brush. */

function parallelCard() {
  const columns = [...axes.filter((axis) => !axis.image).map((axis) => ({ name: axis.name, title: axis.short, axis })),
    { name: state.metric, title: state.metric }];
  const width = Math.max(Math.min(1500, innerWidth - 48), columns.length * 110);
  const height = 420;
  const box = { left: 70, right: width - 90, top: 44, bottom: height - 20 };
  const list = visibleRuns();
  const good = goodness(state.metric, runs);
  const range = extent(runs.map((run) => final(state.metric, run))) ?? [0, 1];
  for (const [place, column] of columns.entries()) {
    column.x = box.left + ((box.right - box.left) * place) / Math.max(1, columns.length - 1);
    const top = column.axis ? [-0.35, column.axis.levels.length - 0.65] : range;
    column.y = makeScale(top, [box.bottom, box.top]);
  }
  const root = svg('svg', { class: 'chart parallel', viewBox: `0 0 ${width} ${height}`, width, height });
  const inside = new Set(list);
  const ordered = [...runs].sort((a, b) => inside.has(a) - inside.has(b) || (good(final(state.metric, a)) ?? -1) - (good(final(state.metric, b)) ?? -1));
  root.append(svg('g', {}, ordered.map((run) => parallelLine(run, columns, inside.has(run), good))));
  root.append(...columns.map((column) => parallelAxis(column, box, root, height)));
  return h('div', { class: 'card' }, h('h3', {}, 'Parallel coordinates'),
    h('p', { class: 'note' }, 'Drag along an axis to keep only part of it; click on the axis to let go. What is kept is kept in every view. ',
      state.brush && h('button', { type: 'button', onclick: () => set({ brush: '' }) }, `clear brushes: ${plural(list.length, 'run')} kept`)),
    h('div', { class: 'scroll' }, root));
}

/** Runs on one level are spread a little, by their index, so that lines do not hide each other. */
function parallelPlace(column, run) {
  const value = brushValue(column.name, run);
  if (value === null) return null;
  return column.axis ? value + (((run.index * 0.618) % 1) - 0.5) * 0.3 : value;
}

function parallelLine(run, columns, inside, good) {
  const share = good(final(state.metric, run));
  const points = columns.map((column) => {
    const place = parallelPlace(column, run);
    return [column.x, place === null ? null : column.y(place)];
  });
  return svg('path', { class: `trace${inside ? '' : ' out'}`, d: linePath(points), style: { '--t': share ?? 0 },
    onpointermove: (event) => showTip(event, h('b', {}, runName(run)), h('div', {}, `${state.metric} ${metricValue(state.metric, final(state.metric, run))}`)),
    onpointerleave: hideTip, onclick: () => set({ run: run.id }) });
}

function parallelAxis(column, box, root, height) {
  const ticks = column.axis ? labelledLevels(column.axis) : column.y.ticks(6).map((tick) => [tick, tickText(tick)]);
  const brush = brushes().get(column.name);
  const area = svg('rect', { class: 'grab', x: column.x - 16, width: 32, y: box.top - 8, height: box.bottom - box.top + 16, 'data-axis': column.name });
  const bar = svg('rect', { class: 'brush', x: column.x - 7, width: 14, y: 0, height: 0, rx: 4 });
  const place = (from, to) => {
    bar.setAttribute('y', Math.min(from, to));
    bar.setAttribute('height', Math.abs(to - from));
  };
  if (brush) place(column.y(brush[0]), column.y(brush[1]));
  area.addEventListener('pointerdown', (event) => {
    const at = (moved) => {
      const bounds = root.getBoundingClientRect();
      return Math.max(box.top - 8, Math.min(box.bottom + 8, ((moved.clientY - bounds.top) * height) / bounds.height));
    };
    const start = at(event);
    area.setPointerCapture(event.pointerId);
    area.onpointermove = (moved) => place(start, at(moved));
    area.onpointerup = (moved) => {
      area.onpointermove = null;
      const end = at(moved);
      const low = column.y.invert(Math.max(start, end));
      const high = column.y.invert(Math.min(start, end));
      setBrush(column.name, Math.abs(end - start) < 4 ? null : [low, high]);
    };
  });
  return svg('g', { class: 'axis' }, svg('line', { x1: column.x, x2: column.x, y1: box.top - 8, y2: box.bottom + 8 }),
    svg('text', { class: 'title', x: column.x, y: 22, 'text-anchor': 'middle' }, column.title),
    ticks.map(([value, text]) => svg('text', { class: 'tick', x: column.x + 10, y: column.y(value), dy: '0.32em' }, text)), bar, area);
}

function labelledLevels(axis) {
  const every = Math.ceil(axis.levels.length / 16);
  return axis.levels.map((text, index) => [index, text.length > 18 ? `${text.slice(0, 17)}…` : text]).filter(([index]) => index % every === 0);
}
