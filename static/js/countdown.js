// Runs a ring and calls `tick` with the seconds left; `end` at zero. Gives a function that stops it.
// A tab that slept is late, never early: the clock decides, not the number of ticks.
export function countdown(seconds, { ring = null, period = seconds, tick = () => {}, end = () => {} }) {
  const until = performance.now() + seconds * 1000;
  const circle = ring?.querySelector(".ring__left");
  const stop = () => {
    clearInterval(timer);
    ring?.setAttribute("hidden", "");
  };
  const step = () => {
    const left = (until - performance.now()) / 1000;
    if (left <= 0) {
      stop();
      end();
      return;
    }
    circle?.setAttribute("stroke-dashoffset", String(100 - (100 * left) / period));
    tick(Math.ceil(left));
  };
  const timer = setInterval(step, 250);
  ring?.removeAttribute("hidden");
  step();
  return stop;
}
