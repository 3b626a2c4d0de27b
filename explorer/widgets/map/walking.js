// The walk's caption and buttons: played, stepped and left. walk.js says what its stops are.
import { attributed, button, filled, put } from '../shared/dom.js';
import { captionOf, STOPS } from './walk.js';

const STOP_MS = 6000; // how long a stop is shown while it plays

// moved(stop, mine) after each step; isSeen(): whether to play on; goOn(text): the drawn token has joined the sentence.
// Returns { stop, goTo, show }: null is no walk.
export function walking({ find, words, walker }, { scene, moved, isSeen, goOn }) {
  let at = null;
  let playing = null;

  const goTo = (stop, mine = true) => {
    at = stop;
    if (stop === null) pause();
    moved(stop, mine);
    show();
  };
  const back = () => goTo(Math.max(0, at - 1));
  // At the end the drawn token joins the sentence, and the walk begins again with it.
  const step = () => {
    if (at < STOPS.length - 1) return goTo(at + 1);
    const longer = scene()?.guess?.longer;
    if (longer) goOn(longer);
    goTo(1);
  };
  const play = () => {
    playing = setInterval(() => (isSeen() ? step() : pause()), STOP_MS);
    show();
  };
  const pause = () => {
    clearInterval(playing);
    playing = null;
    show();
  };

  const keys = {
    back: button('map-tool', words.back_walk, back),
    play: button('map-tool', '', () => (playing ? pause() : play())),
    next: button('map-tool', words.next_walk, step),
    end: button('map-tool', words.end_walk, () => goTo(null)),
  };
  attributed(find('walk'), { 'aria-label': words.walk });
  find('steps').append(...Object.values(keys));

  const show = () => {
    find('walk').hidden = at === null;
    find('top').hidden = at !== null;
    walker.setAttribute('aria-pressed', String(at !== null));
    if (at === null || !scene()) return;
    put(find('caption'), `${filled(words.walk_at, { n: at + 1, all: STOPS.length })} ${captionOf(scene(), at)}`);
    keys.back.disabled = at === 0;
    put(keys.play, playing ? words.pause_walk : words.play_walk);
  };

  find('walk').addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const acts = { ArrowRight: step, ArrowLeft: back, Escape: () => (goTo(null), walker.focus()) };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
  return { stop: () => at, goTo, show };
}
