/** Some runs side by side: the configuration keys in which they differ, and their metrics. */

function differences(list) {
  const shown = list.slice(0, 8);
  const keys = [...new Set([...axes.map((axis) => axis.name), ...Object.keys(data.config.differs)])];
  const value = (key, run) => (axisByName.has(key) ? level(axisByName.get(key), run) : configValue(key, run));
  const differing = keys.filter((key) => new Set(shown.map((run) => value(key, run))).size > 1);
  const line = (key, cells) => h('tr', {}, h('th', { scope: 'row' }, key), cells.map((cell) => h('td', {}, cell)));
  return h('div', { class: 'card differences' }, h('h3', {}, 'What differs'), h('div', { class: 'scroll' }, h('table', {},
    h('thead', {}, line('', shown.map((run) => [run.albums.length ? livePicture(run, 0, { class: 'live small' }) : '', run.id]))),
    h('tbody', {}, differing.map((key) => line(key, shown.map((run) => value(key, run) ?? MISSING))),
      metrics.map((metric) => line(metric, shown.map((run) => metricValue(metric, final(metric, run)))))))),
  list.length > shown.length && h('p', { class: 'note' }, `The first ${shown.length} of ${list.length} selected runs.`));
}
