/** The first look: which setting wins, by how much, whether it is real, and how it looks. */

function summaryView() {
  const ranking = data.analysis.ranking[state.metric] ?? [];
  if (!ranking.length) {
    return h('section', { class: 'view' }, h('div', { class: 'card' }, h('h2', {}, 'Nothing to rank yet'),
      h('p', {}, state.metric === 'seconds' ? 'Time is not measured per image; choose another metric.'
        : 'No run has finished. The table and the pictures show what is there.')));
  }
  return h('section', { class: 'view summary' }, verdictCard(ranking), importanceCard(), winnerCard(ranking), rankingCard(ranking));
}

function verdictCard(ranking) {
  const [best, second] = ranking;
  const parts = inner.map((axis, place) => h('span', { class: 'chip' }, h('small', {}, axis.short), axis.levels[data.analysis.settings[best.setting][place]]));
  return h('div', { class: 'card verdict' }, h('p', { class: 'over' }, judged(state.metric) ? `Best by ${state.metric}, ${direction(state.metric)} is better` : `Lowest ${state.metric}; neither direction is better`),
    h('h2', {}, parts.length ? parts : data.study),
    h('p', { class: 'figure' }, h('b', {}, num(best.mean)), best.low !== null && h('span', {}, `95 % CI ${num(best.low)} to ${num(best.high)}`),
      h('span', {}, `over ${plural(best.n, 'image')}`)),
    second && h('p', {}, verdictText(ranking, second)), hintFew(second?.pairs ?? best.n, ranking.length - 1));
}

function verdictText(ranking, second) {
  const gap = second.difference === null ? null : Math.abs(second.difference);
  const real = second.holm !== null && second.holm < 0.05;
  const beaten = ranking.slice(1).filter((row) => row.holm !== null && row.holm < 0.05).length;
  return [`${num(gap, 3)} ${higher(state.metric) ? 'above' : 'below'} the next, `, h('em', {}, settingName(second.setting)),
    real ? ', and the difference is significant' : ', a difference that may be chance',
    ` (${pValue(second.holm)}, paired over ${plural(second.pairs, 'image')}, Holm-corrected). `,
    `It differs significantly from ${beaten} of the other ${plural(ranking.length - 1, 'setting')}.`];
}

/** Say it when the images are too few for any result to reach 0.05. */
function hintFew(images, comparisons) {
  const least = Math.min(1, 2 * 0.5 ** images);
  if (least < 0.05 && least * comparisons < 0.05) return null;
  let need = images;
  while (2 * 0.5 ** need * comparisons >= 0.05) need++;
  return h('p', { class: 'hint' }, `Too few images: with ${images} the signed-rank test cannot go below p = ${num(least, 3)}, `
    + `${num(Math.min(1, least * comparisons), 3)} after Holm’s correction for ${plural(comparisons, 'comparison')}. ${plural(need, 'image')} would be enough to reach 0.05.`);
}

function rankingCard(ranking) {
  const shown = ranking.slice(0, 14);
  const left = ranking.length - shown.length;
  const rows = left > 1 ? [...shown, ranking.at(-1)] : ranking;
  const [low, high] = extent(rows.flatMap((row) => [row.mean, row.low, row.high]));
  const x = makeScale([low, high], [2, 98]);
  return h('div', { class: 'card ranking' }, h('h3', {}, 'Ranking'), h('p', { class: 'note' },
    'Mean over images with 95 % confidence interval; beside it the paired difference from the best, with its corrected significance.'),
  h('ol', {}, rows.map((row, place) => h('li', { class: place === 0 ? 'best' : '', value: ranking.indexOf(row) + 1, onclick: () => showSetting(row.setting) },
    h('span', { class: 'name', title: settingName(row.setting) }, settingName(row.setting)),
    h('span', { class: 'plot' }, row.low !== null && h('i', { class: 'whisker', style: { left: `${x(row.low)}%`, width: `${x(row.high) - x(row.low)}%` } }),
      h('i', { class: 'point', style: { left: `${x(row.mean)}%` } })),
    h('b', {}, num(row.mean)), h('small', {}, place ? `${signed(row.difference)} ${stars(row.holm)}` : judged(state.metric) ? 'best' : 'lowest')))),
  left > 1 && h('p', { class: 'note' }, `${left - 1} settings between the last two rows are left out; the run table has all.`));
}

function showSetting(setting) {
  const first = runs.find((run) => data.analysis.settingOfRun[run.index] === setting);
  if (first) set({ run: first.id });
}

function winnerCard(ranking) {
  if (!hasPictures) return null;
  const pick = (row) => runs.find((run) => data.analysis.settingOfRun[run.index] === row.setting && run.albums.length);
  const entries = [['best', pick(ranking[0])], ranking.length > 2 && ['middle', pick(ranking[Math.floor(ranking.length / 2)])],
    ranking.length > 1 && ['last', pick(ranking.at(-1))]].filter((entry) => entry && entry[1]);
  if (!entries.length) return null;
  const images = entries[0][1].images.slice(0, 8).map((_, place) => place);
  const target = (place) => stillPath(entries[0][1], place, 'target');
  const strip = (name, run, cell) => h('div', { class: 'strip' }, h('span', { class: 'over' }, name), images.map((place) => cell(run, place)));
  return h('div', { class: 'card strips' }, h('h3', {}, 'How it looks'),
    images.some(target) && strip('target', entries[0][1], (run, place) => target(place) && stillPicture(run, target(place))),
    entries.map(([name, run]) => strip(name, run, (item, place) => place < item.albums.length
      && h('button', { type: 'button', class: 'picture', onclick: () => openViewer(item, place) }, livePicture(item, place)))));
}
