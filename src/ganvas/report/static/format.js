/** Numbers and names as people read them. */

const MISSING = '–';

function num(value, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace('e', 'e').replace('-', '−');
  const whole = size >= 1 ? Math.floor(Math.log10(size)) + 1 : 0;
  const text = value.toFixed(Math.max(0, Math.min(4, digits - whole)));
  return text.replace('-', '−');
}

function signed(value, digits = 3) {
  if (value === null || value === undefined) return MISSING;
  return (value > 0 ? '+' : '') + num(value, digits);
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return MISSING;
  if (seconds < 90) return `${num(seconds, 3)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${num(minutes, 3)} min` : `${num(minutes / 60, 3)} h`;
}

function pValue(p) {
  if (p === null || p === undefined) return MISSING;
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

function stars(p) {
  if (p === null || p === undefined) return '';
  return p < 0.001 ? '***' : p < 0.01 ? '**' : p < 0.05 ? '*' : '';
}

function metricValue(metric, value) {
  return metric === 'seconds' ? duration(value) : num(value);
}

function plural(count, word) {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
}
