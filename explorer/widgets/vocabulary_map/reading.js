// What is said of a token and of the map: sentences, no page.
import { filled } from '../shared/dom.js';
import { fixed, grouped } from '../shared/numbers.js';

const MOST_NAMED = 6;

export function tokenSaid(words, data, id, kind) {
  const told = [filled(words.token_said, { token: data.texts[id], id, kind })];
  if (data.counts) told.push(data.counts[id] ? filled(words.read_times, { n: grouped(data.counts[id]) }) : words.read_never);
  return told.join(' ');
}

// near: { ids, values } of one age.
export function nearSaid(words, data, near) {
  if (!near?.ids.length) return '';
  const each = near.ids.slice(0, MOST_NAMED).map((id, place) => `${data.texts[id]} ${fixed(near.values[place], 2)}`);
  return filled(words.near_said, { tokens: each.join(', ') });
}

export function ageSaid(words, data, age, layout) {
  const at = Math.round(age);
  const title = data.ages[at];
  if (!data.shares) return title;
  const shown = data.shares[at].slice(0, layout === 'pca3' ? 3 : 2);
  return filled(words.age_said, { age: title, share: fixed(100 * shown.reduce((sum, one) => sum + one, 0), 1) });
}

// The rows of the map, for the table and the CSV.
export function tableOf(words, data, points, groups, names) {
  return {
    columns: words.columns.split('|'),
    rows: data.texts.map((text, id) => [text, id, names[groups[id]], points[3 * id], points[3 * id + 1], points[3 * id + 2]]),
  };
}
