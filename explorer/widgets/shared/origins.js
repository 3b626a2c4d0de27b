// Which numbers of the run a token that may come next has, for the drawer to explain (widgets/drawer): no page, no state.

const LEAST_TEMPERATURE = 1e-3; // as explorer/answers/derived.py

// Whether the share that a token is drawn with is softmax's at a temperature and nothing more.
export function isPlain({ temperature, top_k: topK, top_p: topP, min_p: minP, repetition_penalty: penalty }) {
  return temperature >= LEAST_TEMPERATURE && topK === 0 && topP === 1 && minP === 0 && penalty === 1;
}

// { logits, share }: of token `id` after the token at `position`; share null where the settings make it no number of the run.
// parts: whose number it is, { after, model } (explorer/answers/passes.py), where it is not of the sentence on screen.
export function nextToken(id, position, settings, parts = {}) {
  const index = [position, id];
  return {
    logits: { site: 'logits', layer: null, index, ...parts },
    share: isPlain(settings) ? { kind: 'share', index, temperature: settings.temperature, ...parts } : null,
  };
}

// The place of the last token of a text of `n` tokens as a model reads it that reads `limit` at once, the last of them.
export function lastPlace(n, limit) {
  return Math.min(n, limit) - 1;
}
