// Comforts for the player; without this script its own controls play, seek and pause.
//   [data-player] holds an <audio> and perhaps a [data-wave] with one picture a channel
//   the wave becomes a slider: press it, or use the arrow keys, to seek; a line shows the position
//   with two channels, buttons let one of them be heard alone
const text = (secs) => {
  const whole = Math.max(0, Math.floor(secs));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

const seekable = (player, audio, wave) => {
  const length = Number(player.dataset.duration) / 1000;
  if (!(length > 0)) return;
  const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
  const over = svg("svg");
  over.setAttribute("class", "playhead");
  over.setAttribute("viewBox", "0 0 1000 1");
  over.setAttribute("preserveAspectRatio", "none");
  over.setAttribute("aria-hidden", "true");
  const head = svg("rect");
  head.setAttribute("width", "2");
  head.setAttribute("height", "1");
  over.append(head);
  wave.append(over);
  wave.tabIndex = 0;
  wave.setAttribute("role", "slider");
  wave.setAttribute("aria-label", "Position in the recording");
  wave.setAttribute("aria-valuemin", "0");
  wave.setAttribute("aria-valuemax", String(Math.floor(length)));
  const show = () => {
    const at = Math.min(audio.currentTime, length);
    head.setAttribute("x", String((at / length) * 998));
    wave.setAttribute("aria-valuenow", String(Math.floor(at)));
    wave.setAttribute("aria-valuetext", `${text(at)} of ${text(length)}`);
  };
  const seek = (secs) => {
    audio.currentTime = Math.min(Math.max(secs, 0), Math.max(length - 0.05, 0));
    show();
  };
  const steps = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: 30, PageDown: -30 };
  wave.addEventListener("click", (event) => {
    const box = wave.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * length);
  });
  wave.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in steps) seek(audio.currentTime + steps[event.key]);
    else if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(length);
    else if (event.key === " " || event.key === "Enter") audio.paused ? audio.play() : audio.pause();
    else return;
    event.preventDefault();
  });
  for (const name of ["timeupdate", "seeking", "loadedmetadata"]) audio.addEventListener(name, show);
  show();
};

// Each channel goes through a valve of its own; one that is heard alone goes to both ears.
const solo = (player, audio, labels) => {
  let valves = null;
  const connect = () => {
    const context = new AudioContext();
    const split = context.createChannelSplitter(2);
    const merge = context.createChannelMerger(2);
    context.createMediaElementSource(audio).connect(split);
    valves = [0, 1].map((from) => [0, 1].map((to) => {
      const valve = context.createGain();
      split.connect(valve, from);
      valve.connect(merge, 0, to);
      return valve;
    }));
    merge.connect(context.destination);
    audio.addEventListener("play", () => context.resume());
    context.resume();
  };
  const hear = (which) => {
    if (!valves) {
      if (which === null) return;
      connect();
    }
    for (const from of [0, 1]) for (const to of [0, 1]) {
      valves[from][to].gain.value = which === null ? Number(from === to) : Number(from === which);
    }
  };
  const group = document.createElement("fieldset");
  group.className = "row";
  const legend = document.createElement("legend");
  legend.textContent = "Hear";
  group.append(legend);
  const name = `solo-${Math.random().toString(36).slice(2)}`;
  for (const [label, which] of [["Both", null], [labels[0], 0], [labels[1], 1]]) {
    const choice = document.createElement("label");
    choice.className = "choice";
    const input = document.createElement("input");
    input.type = "radio";
    input.name = name;
    input.checked = which === null;
    input.addEventListener("change", () => hear(which));
    const words = document.createElement("span");
    words.textContent = which === null ? label : `${label} only`;
    choice.append(input, words);
    group.append(choice);
  }
  audio.after(group);
};

for (const player of document.querySelectorAll("[data-player]")) {
  const audio = player.querySelector("audio");
  const wave = player.querySelector("[data-wave]");
  if (!audio || !wave) continue;
  const labels = [...wave.querySelectorAll("[data-label]")].map((label) => label.textContent);
  seekable(player, audio, wave);
  if (labels.length === 2 && window.AudioContext) solo(player, audio, labels);
}
