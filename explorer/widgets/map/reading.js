// What is said of a place, and where its number comes from: no page. Token text goes in as it is; the page writes it with textContent.
import { filled } from '../shared/dom.js';
import { grouped, percent } from '../shared/numbers.js';
import { nextToken } from '../shared/origins.js';
import { farthest, isOff, shareBefore } from './paint.js';
import { writtenShare } from './data.js';

const digits = (value) => String(Number(value.toPrecision(6))).replace('-', '−');
export const plainLength = (value) => digits(Number(value.toPrecision(4)));

// The sentence for a place of the scene.
export function saidOf(scene, place) {
  const { data, words, cursor } = scene;
  const named = (token) => filled(words.shared_at_position, { token: data.about.labels[token][0], position: token });
  const { layer, token, site } = place;
  const name = () => named(token);
  const length = (of = site, at = layer) => plainLength(data.length(of, at, token ?? cursor.token));
  const kinds = {
    layer: () => filled(words.on_layer, { layer, attention: length('attn_out'), mlp: length('mlp_out'), stream: length('resid_post'), token: named(cursor.token) }),
    token: () => filled(words.on_token, { token: data.about.labels[token][0], position: token, id: grouped(data.about.labels[token][2]) }),
    embed: () => filled(words[`row_${site}`], { token: name(), id: grouped(data.about.labels[token][2]), position: token, width: grouped(data.about.width), length: length(site, null) }),
    head: () => withOff(scene, headSaid(scene, place, named), [`head:${place.layer}.${place.head}`, `attention:${place.layer}`, `layer:${place.layer}`]),
    mlp: () => withOff(scene, neuronSaid(scene, place, named), [`mlp:${place.layer}`, `layer:${place.layer}`]),
    written: () => filled(words[`written_${site}`], { layer, token: name(), length: length(), share: percent(writtenShare(data, site, layer, token)) }),
    norm: () => filled(words.on_norm, { token: name(), length: length('resid_post', data.about.layers - 1) }),
    guess: () => guessSaid(scene, place),
    bar: () => barSaid(scene, place),
    strip: () => stripSaid(scene, place, named),
  };
  return kinds[place.kind]();
}

// What is said of a part, and that an edit keeps what it computes from the stream.
function withOff({ data, words }, said, edits) {
  if (isOff(data.about.edits, ...edits)) return `${said} ${words.on_off}`;
  if (isOff(data.about.edits, ...edits.map((edit) => `mean-${edit}`))) return `${said} ${words.on_mean}`;
  return said;
}

function headSaid({ data, words, layout }, { layer, head, query, key }, named) {
  const name = filled(words.head_name, { layer, head });
  if (data.about.form === 'none') return filled(words.no_patterns, { head: name });
  const at = query ?? layout.at.token;
  if (key !== undefined) {
    const weight = data.weight(layer, head, at, key);
    if (Number.isNaN(weight)) return `${name}: ${filled(words.future, { query: named(at), key: named(key) })}`;
    return `${name}: ${filled(data.isExact(at) ? words.weight : words.pooled_weight, { query: named(at), key: named(key), n: data.about.pooled, share: exactly(data, weight) })}`;
  }
  const best = strongest(data, layer, head, at);
  return `${name}: ${filled(words.most, { query: named(at), key: named(best), share: exactly(data, data.weight(layer, head, at, best)) })}`;
}

// The key that a query looks at most.
export function strongest(data, layer, head, query) {
  let best = 0;
  for (let key = 1; key < data.about.tokens; key++) if (data.weight(layer, head, query, key) > data.weight(layer, head, query, best)) best = key;
  return best;
}

// What was sent in fewer digits says so.
function exactly(data, weight) {
  return `${data.about.form === 'half' ? '≈ ' : ''}${percent(Math.min(1, weight))}`;
}

function neuronSaid({ data, words, cursor }, { layer, bin }, named) {
  if (bin === undefined) return filled(words.on_mlp, { layer, n: grouped(4 * data.about.width), parameters: grouped(data.about.counts.mlps / data.about.layers) });
  const { value, number } = data.neuron(layer, cursor.token, bin);
  return filled(words.on_neuron, { layer, number, value: digits(value), token: named(cursor.token) });
}

function guessSaid({ guess, before, names, next, words }, { place }) {
  const where = place === 0 ? words.after_embedding : filled(words.after_layer, { layer: place - 1 });
  const chosen = next === null ? -1 : guess.bars.indexOf(next);
  if (chosen >= 0) return filled(words.on_share, { where, token: names[next][0], share: percent(guess.along[place][chosen]) });
  const said = filled(words.on_guess, { where, token: names[guess.first[place]][0], share: percent(guess.shares[place]) });
  if (!before || before.first[place] === guess.first[place]) return said;
  return `${said} ${filled(words.guess_before, { token: names[before.first[place]][0], share: percent(before.shares[place]) })}`;
}

function barSaid({ guess, before, names, words, data, cursor }, { id }) {
  const share = guess.bar_shares[guess.bars.indexOf(id)];
  const said = filled(words.on_bar, { token: names[id][0], id, share: percent(share), after: data.about.labels[cursor.token][0] });
  if (!before) return said;
  return `${said} ${filled(words.bar_before, { share: percent(shareBefore(before, id)) })}`;
}

function stripSaid({ inside, words, cursor, data }, { step, at }, named) {
  const strip = inside[step];
  const name = words[`step_${strip.site}`];
  if (at === undefined) return `${name}: ${words[`about_${strip.site}`]} ${filled(words.farthest, { number: farthest(strip.values, 0, strip.values.length).index })}`;
  const value = strip.values[at];
  const of = { name, token: named(cursor.token), number: at, key: named(Math.min(at, data.about.tokens - 1)), value: strip.share ? percent(Math.min(1, value)) : digits(value) };
  const future = strip.site === 'pattern' && at > cursor.token && data.about.causal;
  const isByKey = strip.site === 'scores' || strip.site === 'pattern';
  return filled(future ? words.strip_future : isByKey ? words.on_strip_key : words.on_strip, of);
}

// What the drawer is asked for a place, null where it holds no number of its own.
export function originOf({ guess, inside, cursor, data, settings }, place) {
  if (place.kind === 'embed') return { kind: 'length', site: place.site, layer: null, index: [place.token] };
  if (place.kind === 'written') return { kind: 'length', site: place.site, layer: place.layer, index: [place.token] };
  if (place.kind === 'norm') return { kind: 'length', site: 'resid_post', layer: data.about.layers - 1, index: [place.token] };
  if (place.kind === 'layer') return { kind: 'length', site: 'resid_post', layer: place.layer, index: [cursor.token] };
  if (place.kind === 'token') return { kind: 'length', site: 'embed', layer: null, index: [place.token] };
  if (place.kind === 'guess') return { kind: 'guess', layer: place.place === 0 ? null : place.place - 1, index: [cursor.token, guess.first[place.place]] };
  if (place.kind === 'bar') {
    const { logits, share } = nextToken(place.id, cursor.token, settings);
    return share ?? logits;
  }
  if (place.kind === 'mlp' && place.bin !== undefined) return { site: 'mlp_post', layer: place.layer, index: [cursor.token, data.neuron(place.layer, cursor.token, place.bin).number] };
  if (place.kind === 'strip' && place.at !== undefined) {
    const { site, layer, index } = inside[place.step];
    return { site, layer, index: [...index, place.at] };
  }
  if (place.kind === 'head' && data.about.form !== 'none') {
    const query = place.query ?? cursor.token;
    const key = place.key ?? strongest(data, place.layer, place.head, query);
    return { site: 'pattern', layer: place.layer, index: [place.head, query, key] };
  }
  return null;
}
