/** The view of axes: how the settings lead to the metric. */

function axesView() {
  return h('section', { class: 'view' }, parallelCard(), h('div', { class: 'columns' }, importanceCard(), levelsCard()));
}

/** Mean of the metric at each level of each axis, over the runs that are kept. */
function levelsCard() {
  const list = visibleRuns();
  const range = extent(inner.flatMap((axis) => axis.levels.map((name) =>
    moments(list.filter((run) => level(axis, run) === name).map((run) => final(state.metric, run))).mean)));
  if (!range) return null;
  const x = makeScale(range, [3, 97]);
  return h('div', { class: 'card levels' }, h('h3', {}, 'Mean at each level'),
    h('p', { class: 'note' }, `${state.metric} averaged over ${plural(list.length, 'run')} that are kept.`),
    inner.map((axis) => h('div', { class: 'level' }, h('span', { class: 'name', title: axis.name }, axis.short), h('div', { class: 'dots' },
      axis.levels.map((name) => ({ name, ...moments(list.filter((run) => level(axis, run) === name).map((run) => final(state.metric, run))) }))
        .filter(({ mean }) => mean !== null).sort((a, b) => a.mean - b.mean).map(({ name, mean, n }, place) => h('i', { class: place % 2 ? 'lower' : '',
          style: { left: `${x(mean)}%`, '--shift': `${x(mean) > 80 ? -95 : x(mean) < 20 ? -5 : -50}%` },
          onpointermove: (event) => showTip(event, h('b', {}, `${axis.short} = ${name}`), h('div', {}, `${metricValue(state.metric, mean)}, ${plural(n, 'run')}`)),
          onpointerleave: hideTip }, h('span', {}, name)))))));
}
