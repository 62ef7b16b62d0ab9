/** Numbers and names as people read them. */

export const MISSING = '–';

/** `value` with `digits` significant digits, at most four of them behind the point. */
export function num(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return minus(value.toExponential(2));
  const whole = size >= 1 ? Math.floor(Math.log10(size)) + 1 : 0;
  return minus(value.toFixed(Math.max(0, Math.min(4, digits - whole))));
}

export function signed(value, digits = 3) {
  if (value === null || value === undefined) return MISSING;
  return (value > 0 ? '+' : '') + num(value, digits);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return MISSING;
  if (seconds < 90) return `${num(seconds, 3)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${num(minutes, 3)} min` : `${num(minutes / 60, 3)} h`;
}

export function pValue(p) {
  if (p === null || p === undefined) return MISSING;
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

export function stars(p) {
  if (p === null || p === undefined) return '';
  return p < 0.001 ? '***' : p < 0.01 ? '**' : p < 0.05 ? '*' : '';
}

export function plural(count, word) {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}

/** Tick text without the zeros that say nothing. */
export function tickText(value) {
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) return minus(value.toExponential(0));
  return minus(String(Number(value.toPrecision(4))));
}

/**
 * Texts of at most `longest` letters: of longer ones what tells them apart, … for the rest.
 *
 * What all long ones begin and end with goes first, then the middle, unless it is what differs.
 */
export function toldApart(texts, longest) {
  const long = [...new Set(texts.filter((text) => text.length > longest))];
  if (!long.length) return texts;
  const [from, to] = long.length > 1 ? sharedEnds(long) : [0, 0];
  const short = new Map(long.map((text) => [text, cut(text, from, to, longest)]));
  for (const shape of new Set(short.values())) {
    const same = long.filter((text) => short.get(text) === shape);
    if (same.length === 1 || same.length === long.length) continue;
    toldApart(same, longest).forEach((text, place) => short.set(same[place], text));
  }
  return texts.map((text) => short.get(text) ?? text);
}

/** How many letters all texts begin and end with alike. */
function sharedEnds(texts) {
  const least = Math.min(...texts.map(({ length }) => length));
  const alike = (at) => texts.every((text) => text.at(at) === texts[0].at(at));
  let from = 0;
  while (from < least && alike(from)) from++;
  let to = 0;
  while (to < least - from && alike(-1 - to)) to++;
  return [from, to];
}

/** `text` in `longest` letters, without its first `from` and last `to` as far as need be. */
function cut(text, from, to, longest) {
  const room = longest - 2; // of the signs at both ends
  const spare = Math.max(0, room - (text.length - from - to));
  const start = Math.max(0, from - Math.ceil(spare / 2));
  const end = Math.min(text.length, Math.max(start + room, text.length - to));
  const kept = text.slice(start, end);
  const half = Math.floor((room - 1) / 2);
  const inner = kept.length > room ? `${kept.slice(0, half)}…${kept.slice(-half)}` : kept;
  return `${start ? '…' : ''}${inner}${end < text.length ? '…' : ''}`;
}

const minus = (text) => text.replace('-', '−');
