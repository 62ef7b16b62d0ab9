/** How much of a metric's variance each axis explains. */

function importanceCard() {
  const shares = Object.entries(data.analysis.importance[state.metric] ?? {}).sort((a, b) => b[1] - a[1]);
  if (!shares.length) return null;
  const rest = Math.max(0, 1 - shares.reduce((sum, [, share]) => sum + share, 0));
  const bar = (name, share, title, kind = '') => h('li', { class: kind, title }, h('span', { class: 'name' }, name),
    h('span', { class: 'meter' }, h('i', { style: { width: `${100 * share}%` } })), h('b', {}, `${Math.round(100 * share)} %`));
  return h('div', { class: 'card importance' }, h('h3', {}, 'What matters'),
    h('p', { class: 'note' }, `Share of the variance of ${state.metric} between runs that each axis explains by itself (ω²).`),
    h('ul', {}, shares.map(([name, share]) => bar(axisByName.get(name)?.short ?? name, share, name)),
      bar('together, or chance', rest, 'Interactions of the axes and what no axis explains', 'rest')));
}
