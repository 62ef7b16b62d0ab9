/** A run's page: its pictures and metrics, how to repeat it, stages, configuration, provenance. */

import { drawCurves } from './charts.js';
import { stateCell } from './columns.js';
import { commandLine } from './command.js';
import { curveNames, curveOf } from './curves.js';
import {
  axes,
  configValue,
  data,
  final,
  finalOf,
  level,
  metricOf,
  metricTitle,
  metricValue,
  metrics,
  runById,
} from './data.js';
import { append, clear, h } from './dom.js';
import { duration, MISSING, num, tickText } from './format.js';
import { LATENT, livePicture, stillKinds, stillPath, stillPicture } from './pictures.js';
import { set, state, visibleRuns } from './state.js';
import { openPictures, openViewer } from './viewer.js';

const LONG = 160; // letters of a value that is folded

const detailsOf = new Map();
const waiting = new Map();

globalThis.ganvasDetails = (id, value) => {
  detailsOf.set(id, value);
  waiting.get(id)?.(value);
};

/** What only this page needs: a script beside the page, or a block within it. */
function loadDetails({ id }) {
  if (detailsOf.has(id)) return Promise.resolve(detailsOf.get(id));
  if (data.single) {
    const block = document.getElementById(`details:${id}`);
    detailsOf.set(id, block ? JSON.parse(block.textContent) : {});
    return Promise.resolve(detailsOf.get(id));
  }
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    const src = `runs/${encodeURIComponent(id)}.js`;
    document.head.append(h('script', { src, onerror: () => resolve({}) }));
  });
}

export function runPage() {
  const run = runById.get(state.run);
  if (!run) {
    const text = 'There is no such run in this study.';
    return h('section', { class: 'view' }, h('p', { class: 'empty' }, text), backButton());
  }
  const late = h('div', { class: 'late' });
  const stagesPlace = h('div');
  loadDetails(run).then(({ commands, stages, provenance }) => {
    append(clear(late), [commandCard(commands), provenanceCard(provenance)]);
    append(clear(stagesPlace), [stagesCard(stages)]);
  });
  return h(
    'section',
    { class: 'view run' },
    runHead(run),
    run.error && h('p', { class: 'error' }, run.error),
    runPictures(run),
    h(
      'div',
      { class: 'columns' },
      runMetrics(run),
      h('div', { class: 'late' }, runCurve(run), stagesPlace),
    ),
    late,
    configCard(run),
  );
}

const backButton = () =>
  h('button', { type: 'button', class: 'back', onclick: () => set({ run: '' }) }, '← back');

function runHead(run) {
  const list = visibleRuns();
  const place = list.indexOf(run);
  const step = (text, title, by) => {
    const other = place < 0 ? undefined : list[place + by];
    const onclick = () => set({ run: other.id });
    return h('button', { type: 'button', title, disabled: !other, onclick }, text);
  };
  const chip = (axis) => h('span', { class: 'chip' }, h('small', {}, axis.short), level(axis, run));
  const started = run.started?.replace('T', ' ').slice(0, 16);
  const facts = [run.edit, started, duration(final('seconds', run))];
  return h(
    'header',
    { class: 'run-head' },
    h(
      'div',
      { class: 'bar' },
      backButton(),
      stateCell(run),
      h('span', { class: 'grow' }),
      step('↑', 'Previous run (k)', -1),
      step('↓', 'Next run (j)', 1),
    ),
    h('h2', {}, axes.length ? axes.map(chip) : run.slug),
    h('p', { class: 'note mono' }, run.id),
    h('p', { class: 'note' }, facts.filter(Boolean).join(' · ')),
  );
}

function runPictures(run) {
  if (!run.albums.length) return null;
  const row = (name, image) => {
    const kinds = stillKinds(run, image);
    const figure = (caption, node, open) =>
      h(
        'figure',
        {},
        h(
          open ? 'button' : 'span',
          { type: open && 'button', class: 'picture', onclick: open },
          node,
        ),
        h('figcaption', {}, caption),
      );
    const still = (kind, caption = kind) =>
      kinds.includes(kind) &&
      figure(
        caption,
        stillPicture(run, stillPath(run, image, kind), { alt: `${caption} of ${name}` }),
        () => openPictures(`${run.id}|${kind}`, `${run.id}|frame`, name),
      );
    const video = () =>
      stillPicture(run, stillPath(run, image, 'progress'), { loading: 'lazy', alt: 'Video' });
    return h(
      'div',
      { class: 'images-row' },
      h('b', { class: 'side' }, name),
      still('target'),
      still(LATENT, 'latent alone'),
      figure('at the step', livePicture(run, image), () => openViewer(run, image)),
      ['mask', 'difference'].map((kind) => still(kind)),
      !data.single && kinds.includes('progress') && figure('video', video()),
    );
  };
  const sheet = () =>
    stillPicture(run, run.sheet, { class: 'sheet-picture', alt: 'Contact sheet' });
  return h(
    'div',
    { class: 'card' },
    h('h3', {}, 'Pictures'),
    h('div', { class: 'scroll images' }, run.images.map(row)),
    run.sheet && h('details', {}, h('summary', {}, 'contact sheet'), sheet()),
  );
}

function runMetrics(run) {
  const cells = (metric) =>
    run.images.map((_, image) =>
      h('td', {}, metric === 'seconds' ? '' : num(finalOf(metric, run, image))),
    );
  const line = (metric) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row', title: metricOf(metric).about }, metricTitle(metric)),
      h('td', {}, h('b', {}, metricValue(metric, final(metric, run)))),
      cells(metric),
    );
  const heads = ['mean', ...run.images].map((name) => h('th', {}, name));
  return tableCard('Metrics', heads, metrics.map(line));
}

const tableCard = (title, heads, lines) =>
  h(
    'div',
    { class: 'card' },
    h('h3', {}, title),
    h(
      'div',
      { class: 'scroll' },
      h(
        'table',
        { class: 'plain' },
        h('thead', {}, h('tr', {}, h('th'), heads)),
        h('tbody', {}, lines),
      ),
    ),
  );

function runCurve(run) {
  const names = curveNames(run);
  const metric = names.includes(state.metric) ? state.metric : names[0];
  if (!metric) return null;
  const points = curveOf([run], metric, false);
  const width = innerWidth > 940 ? innerWidth / 2 - 96 : innerWidth - 64;
  const series = [{ name: metric, color: 'var(--series-1)', points }];
  return h(
    'div',
    { class: 'card' },
    h('h3', {}, `Curve of ${metricTitle(metric)}`),
    drawCurves(metric, series, width, 260, false),
  );
}

function commandCard(commands = []) {
  if (!commands.length) return null;
  return h('div', { class: 'card' }, h('h3', {}, 'Repeat it'), commands.map(commandLine));
}

function stagesCard(stages = {}) {
  const names = Object.keys(stages);
  if (!names.length) return null;
  const line = (label, cell) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, label),
      names.map((name) => h('td', {}, cell(stages[name]))),
    );
  const memory = ({ peak_memory_mib: mib }) =>
    mib ? `${Math.round(mib).toLocaleString('en')} MiB` : MISSING;
  const measured = metrics.filter((metric) =>
    names.some((name) => stages[name].final?.[metric] !== undefined),
  );
  const heads = names.map((name) => h('th', {}, name));
  return tableCard('Stages', heads, [
    line('steps', (stage) => tickText(stage.steps ?? 0)),
    line('time', (stage) => duration(stage.seconds)),
    line('steps per second', (stage) => num(stage.steps_per_second)),
    line('peak memory', memory),
    measured.map((metric) => line(metricTitle(metric), (stage) => num(stage.final?.[metric]))),
  ]);
}

const folded = (title, note, content) =>
  h(
    'details',
    { class: 'card folded' },
    h('summary', {}, h('h3', {}, title), h('span', { class: 'note' }, note)),
    content,
  );

function provenanceCard(provenance = {}) {
  if (!Object.keys(provenance).length) return null;
  return folded('Provenance', 'code, machine and versions', tree(provenance));
}

const entries = (count) => `${count} ${count === 1 ? 'entry' : 'entries'}`;
const isTree = (value) => value !== null && typeof value === 'object';

function tree(value) {
  if (!isTree(value)) return h('span', { class: 'mono' }, String(value));
  const content = (item) => {
    const count = isTree(item) ? entries(Object.keys(item).length) : 'show';
    const long = isTree(item) || String(item).length > LONG;
    return long ? h('details', {}, h('summary', {}, count), tree(item)) : tree(item);
  };
  const line = ([key, item]) => [h('dt', {}, key), h('dd', {}, content(item))];
  return h('dl', {}, Object.entries(value).map(line));
}

function configCard(run) {
  const differing = new Set(Object.keys(data.config.differs));
  const all = [...differing, ...Object.keys(data.config.common)];
  const keys = all.filter((key) => configValue(key, run) !== null).sort();
  const line = (key) => [
    h('dt', { class: differing.has(key) ? 'differs' : '' }, key),
    h('dd', { class: 'mono' }, configValue(key, run)),
  ];
  const note = 'keys that differ within the study are marked';
  return folded('Configuration', note, h('dl', { class: 'config' }, keys.map(line)));
}
