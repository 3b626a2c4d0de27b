// What the story says about texts, branches and tokens. No page here.
import { filled } from '../shared/dom.js';
import { fixed, grouped, percent, percentOfLog } from '../shared/numbers.js';
import { meanLogProbability, perplexity } from './branches.js';

// The names of settings in the order in which a token's own are packed.
const NAMES = ['temperature', 'top_k', 'top_p', 'min_p', 'repetition_penalty', 'seed'];
const OFF = { top_k: 0, top_p: 1, min_p: 0, repetition_penalty: 1 };

export const packedSettings = (settings) => JSON.stringify(NAMES.map((name) => settings[name]));

// The settings that were packed, by name.
export const settingsOf = (packed) => Object.fromEntries(JSON.parse(packed).map((value, index) => [NAMES[index], value]));

export const temperatureOf = (packed) => settingsOf(packed).temperature;

export const counted = (n, words) => filled(words.shared_count, { n });

export function measures(tokens, from, words) {
  const mean = meanLogProbability(tokens, from);
  return mean === null ? words.no_tokens : filled(words.measures, { mean: fixed(mean, 3), perplexity: perplexity(tokens, from).toPrecision(3) });
}

export function branchInWords(branch, words) {
  const head = { name: branch.id, n: counted(branch.tokens.length, words), measures: measures(branch.tokens, 0, words) };
  if (branch.parent === null) return filled(words.branch, head);
  const token = branch.tokens[branch.from];
  const left = filled(words.leaves, { parent: branch.parent, place: branch.from });
  const how = token && filled(token.forced ? words.by_force : words.by_drawing, { token: token.text, share: percent(token.probability) });
  return `${filled(words.branch, head)} ${left}${how ? ` ${how}` : ''}`;
}

// The settings that a token was drawn with.
export function settingsInWords(packed, words) {
  const settings = settingsOf(packed);
  const changed = Object.keys(OFF).filter((name) => settings[name] !== OFF[name]);
  const parts = ['temperature', ...changed].map((name) => filled(words[`set_${name}`], { value: settings[name] }));
  return filled(words.set, { seed: settings.seed, parts: parts.join(', ') });
}

// echo: which earlier token this one repeats, counted from the beginning of the prompt; null for none. tree: { ids, end }.
export function tokenInWords(token, place, echo, tree, words) {
  const values = { token: token.text, place: place + 1, id: token.id, drawn: percent(token.probability), own: percentOfLog(token.own), rank: grouped(token.rank) };
  const lines = [filled(token.forced ? (token.probability > 0 ? words.looked_forced : words.looked_impossible) : words.looked, values)];
  if (token.id === tree.end) lines.push(words.end_of_text);
  lines.push(settingsInWords(token.settings, words));
  const before = tree.ids.length;
  if (echo !== null) lines.push(echo < before ? filled(words.echo_prompt, { place: echo + 1 }) : filled(words.echo, { place: echo + 1 - before }));
  return lines.join(' ');
}
