/** The first look: which setting wins, by how much, whether it is real, and how it looks. */

import { importanceCard } from './axes.js';
import { commandLine } from './command.js';
import {
  data,
  direction,
  finalOf,
  higher,
  imageNames,
  inner,
  judged,
  metricValue,
  metricWithUnit,
  rankingBy,
  runs,
  settingName,
  settingOf,
  sharedBy,
  withUnit,
} from './data.js';
import { h } from './dom.js';
import { num, plural, pValue, signed, stars } from './format.js';
import { beatenIn, isAbove, isReal, sharedText } from './lead.js';
import { hasPictures, livePicture, stillPath, stillPicture } from './pictures.js';
import { extent, makeScale } from './scale.js';
import { addressOf, set, state } from './state.js';
import { openViewer } from './viewer.js';

const MOST_RANKED = 14;
const MOST_IMAGES = 4;

export function summaryView() {
  const ranking = rankingBy(state.metric);
  if (!ranking.length) {
    const text =
      state.metric === 'seconds'
        ? 'Time is not measured per image; choose another metric.'
        : 'No run has finished. The table and the pictures show what is there.';
    return h(
      'section',
      { class: 'view' },
      h('div', { class: 'card' }, h('h2', {}, 'Nothing to rank yet'), h('p', {}, text)),
    );
  }
  return h(
    'section',
    { class: 'view summary' },
    verdictCard(ranking),
    looksCard(ranking),
    h('div', { class: 'aside' }, importanceCard(), rankingCard(ranking)),
  );
}

/** The run that stands for a setting: its first one, with pictures if any has some. */
function runOf(setting) {
  const members = runs.filter((run) => settingOf(run) === setting);
  return members.find((run) => run.albums.length) ?? members[0];
}

function settingLink(setting, attributes, ...children) {
  const { id } = runOf(setting);
  const onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab or window of its own
    event.preventDefault();
    set({ run: id });
  };
  return h('a', { href: addressOf({ run: id }), onclick, ...attributes }, children);
}

function verdictCard(ranking) {
  const [best, second] = ranking;
  const levels = data.analysis.settings[best.setting];
  const chips = inner.map((axis, place) =>
    h('span', { class: 'chip' }, h('small', {}, axis.short), axis.levels[levels[place]]),
  );
  const name = settingName(best.setting);
  const [low, high] = [best.low, best.high].map((value) => num(value));
  return h(
    'div',
    { class: 'card verdict' },
    h('p', { class: 'over' }, verdictTitle(state.metric)),
    h(
      'h2',
      {},
      settingLink(best.setting, { title: `Open a run of ${name}` }, chips.length ? chips : name),
    ),
    h(
      'p',
      { class: 'figure' },
      h('b', {}, metricWithUnit(state.metric, best.mean)),
      best.low !== null && h('span', {}, `95 % CI ${low} to ${high}`),
      h('span', {}, `over ${plural(best.n, 'image')}`),
    ),
    second && verdictText(ranking, second),
  );
}

function verdictTitle(metric) {
  const shared = sharedBy(metric);
  const where = shared ? ` ${sharedText(shared)}` : '';
  if (!judged(metric)) return `Lowest ${metric}${where}; neither direction is better`;
  if (shared !== 0) return `Best by ${metric}${where}, ${direction(metric)} is better`;
  const extreme = higher(metric) ? 'Highest' : 'Lowest';
  return `${extreme} mean of ${metric}; the settings have no image in common`;
}

/** Whether the best is better than the next, and what it takes to decide. */
function verdictText(ranking, second) {
  const difference = second.difference === null ? null : Math.abs(second.difference);
  const gap = withUnit(state.metric, num(difference, 3));
  const ahead = [
    `${gap} ${isAbove(second, higher(state.metric)) ? 'above' : 'below'} the next, `,
    h('em', {}, settingName(second.setting)),
  ];
  const missing = data.analysis.missing[state.metric];
  if (missing) {
    const commands = data.analysis.more[state.metric] ?? [];
    return [
      h('p', {}, ahead, '.'),
      h(
        'div',
        { class: 'hint' },
        h('b', {}, 'Not decided: '),
        `${plural(second.pairs, 'image')}; ${missing} more would do, were they all to agree.`,
        commands.map(commandLine),
      ),
    ];
  }
  const test = `${pValue(second.holm)}, paired over ${plural(second.pairs, 'image')}, Holm-corrected`;
  const beaten = beatenIn(ranking, higher(state.metric));
  const others = plural(ranking.length - 1, 'setting');
  return h(
    'p',
    {},
    ahead,
    isReal(second) ? `, and significantly so (${test}). ` : `, which may be chance (${test}). `,
    beaten > 0 &&
      ranking.length > 2 &&
      `It is significantly better than ${beaten} of the other ${others}.`,
  );
}

function rankingCard(ranking) {
  if (ranking.length < 2) return null;
  const shared = sharedBy(state.metric);
  const first = shared === 0 ? 'first' : judged(state.metric) ? 'best' : 'lowest';
  const left = ranking.length - MOST_RANKED - 1;
  const rows = left > 0 ? [...ranking.slice(0, MOST_RANKED), ranking.at(-1)] : ranking;
  const x = makeScale(extent(rows.flatMap((row) => [row.mean, row.low, row.high])), [2, 98]);
  const whisker = ({ low, high }) =>
    h('i', { class: 'whisker', style: { left: `${x(low)}%`, width: `${x(high) - x(low)}%` } });
  const line = (row, place) => {
    const name = settingName(row.setting);
    return h(
      'li',
      { class: place === 0 ? 'best' : '', value: ranking.indexOf(row) + 1 },
      settingLink(
        row.setting,
        {},
        h('span', { class: 'name', title: name }, name),
        h(
          'span',
          { class: 'plot' },
          row.low !== null && whisker(row),
          h('i', { class: 'point', style: { left: `${x(row.mean)}%` } }),
        ),
        h('b', {}, metricValue(state.metric, row.mean)),
        h('small', {}, place ? `${signed(row.difference)} ${stars(row.holm)}` : first),
      ),
    );
  };
  return h(
    'div',
    { class: 'card ranking' },
    h('h3', {}, 'Ranking'),
    h(
      'p',
      { class: 'note' },
      'Mean over images with 95 % confidence interval; beside it the paired difference from the ' +
        'best, with its corrected significance. ',
      shared > 0 && `All of it ${sharedText(shared)}.`,
    ),
    h('ol', {}, rows.map(line)),
    left > 0 &&
      h(
        'p',
        { class: 'note' },
        `${plural(left, 'setting')} between the last two rows are left out; the run table has all.`,
      ),
  );
}

/** A setting's picture of an image: the first run that has one, and the image's place in it. */
function pictureOf(setting, name) {
  const run = runs.find(
    (item) => settingOf(item) === setting && item.albums[item.images.indexOf(name)] !== undefined,
  );
  return run && { run, image: run.images.indexOf(name) };
}

/** Best, middle and last setting beside the target, by the images that all of them have. */
function looksCard(ranking) {
  if (!hasPictures) return null;
  const middle = ranking.length > 2 && ['middle', ranking[Math.floor(ranking.length / 2)]];
  const last = ranking.length > 1 && ['last', ranking.at(-1)];
  const entries = [[judged(state.metric) ? 'best' : 'lowest', ranking[0]], middle, last]
    .filter(Boolean)
    .map(([rank, row]) => ({ rank, row }));
  const shared = imageNames.filter((name) =>
    entries.every(({ row }) => pictureOf(row.setting, name)),
  );
  if (!shared.length) return null;
  const images = shared.slice(0, MOST_IMAGES);
  const column = (header, figures) => h('div', { class: 'look' }, h('header', {}, header), figures);
  const target = (name) => {
    const { run, image } = pictureOf(ranking[0].setting, name);
    const path = stillPath(run, image, 'target');
    return h(
      'figure',
      {},
      h('span', { class: 'picture' }, path && stillPicture(run, path)),
      h('figcaption', {}, name),
    );
  };
  const result = (setting, name) => {
    const { run, image } = pictureOf(setting, name);
    const onclick = () => openViewer(run, image);
    const value = finalOf(state.metric, run, image);
    return h(
      'figure',
      {},
      h('button', { type: 'button', class: 'picture', onclick }, livePicture(run, image)),
      h('figcaption', { 'data-final': '' }, metricWithUnit(state.metric, value)),
    );
  };
  const look = ({ rank, row: { setting, mean } }) => {
    const title = settingName(setting);
    const value = h('b', {}, `${rank}, ${metricWithUnit(state.metric, mean)}`);
    return column(
      [value, settingLink(setting, { title }, title)],
      images.map((name) => result(setting, name)),
    );
  };
  const counts = { '--looks': entries.length + 1, '--lines': images.length + 1 };
  const some = `The first ${images.length} of ${plural(shared.length, 'image')}; Pictures has all.`;
  return h(
    'div',
    { class: 'card looks-card' },
    h('h3', {}, 'How it looks'),
    h(
      'div',
      { class: 'looks', style: counts },
      column(h('b', {}, 'target'), images.map(target)),
      entries.map(look),
    ),
    shared.length > images.length && h('p', { class: 'note' }, some),
  );
}
