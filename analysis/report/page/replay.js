"use strict";

/* The clock of the page: one time for all runs, and everything that moves it. */

const FLASH_S = 0.25; // how long a flash is seen, in seconds of the reader

class Replay {
  constructor(place, page) {
    Object.assign(this, page, { time: 0, playing: false, datum: null, copy: "free" });
    this.place = place;
    this.part = (name) => place.querySelector(`.${name}`);
    this.addRuns();
    this.addCurve();
    this.addControls();
    this.addKeys();
    this.seek(0);
    if (this.runs.length === 1) this.select(0); // there is room for its history
    place.dataset.ready = "yes";
  }

  addRuns() {
    const template = this.place.querySelector("template");
    const runs = this.part("runs");
    runs.classList.toggle("single", this.runs.length === 1);
    this.players = this.runs.map((run) => {
      runs.append(template.content.cloneNode(true));
      return new Player(runs.lastElementChild, run, this);
    });
    const interval = Math.max(...this.players.map((p) => (p.edges * p.run.span) / (p.acts.count || 1)));
    this.longest = Math.min(0.3 * interval, this.horizon);
    this.drawScale();
  }

  /* The colours and what they stand for. */
  drawScale() {
    const bar = this.part("scale");
    bar.style.background = `linear-gradient(to right, ${this.colours.filter((_, at) => at % 15 === 0).join(",")})`;
    const places = this.part("scale-places");
    for (const at of logPlaces(this.low, this.high, 5)) {
      const share = Math.log(at / this.low) / Math.log(this.high / this.low);
      const mark = document.createElement("span");
      mark.textContent = quantity(at, "S");
      mark.style.left = `${100 * share}%`;
      places.append(mark);
    }
  }

  addCurve() {
    const probed = this.runs.some((run) => run.probes.time.length);
    this.part("curve").hidden = !probed;
    this.part("no-curve").hidden = probed;
    this.curve = new Chart(this.part("curve"), {
      label: "error",
      unit: "V²",
      log: true,
      height: 190,
      until: this.horizon,
      onSeek: (time) => this.seek(time),
    });
    const line = (run, at) => ({ x: run.probes.time, y: run.probes.error, shape: "line", colour: this.distinct[at % this.distinct.length] });
    this.curve.show(this.runs.map(line));
    this.errors = this.runs.map((run, at) => {
      const item = document.createElement("span");
      item.className = "key";
      const dash = document.createElement("i");
      dash.style.background = line(run, at).colour;
      const text = document.createElement("span");
      item.append(dash, text);
      this.part("keys").append(item);
      return text;
    });
  }

  addControls() {
    const on = (name, event, action) => this.part(name).addEventListener(event, action);
    on("play", "click", () => this.toggle());
    on("forward", "click", () => this.step(1));
    on("back", "click", () => this.step(-1));
    on("start", "click", () => this.seek(0));
    this.slider = this.part("slider");
    this.slider.max = this.horizon;
    on("slider", "input", () => this.seek(Number(this.slider.value)));
    this.addSpeeds();
    on("copy", "change", (event) => this.set("copy", event.target.value));
    on("datum", "change", (event) => this.set("datum", event.target.value === "" ? null : Number(event.target.value)));
    this.addData();
    this.edgeBox = this.part("edge");
    this.edgeBox.max = Math.max(...this.players.map((player) => player.edges)) - 1;
    on("edge", "input", () => this.select(this.edgeBox.value === "" ? null : Number(this.edgeBox.value)));
  }

  /* Simulated seconds a second, from a thousandth of the run to a fifth of it. */
  addSpeeds() {
    const from = Math.floor(Math.log10(this.horizon / 2000));
    this.speeds = [0, 1, 2, 3].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${from + power}`)));
    const select = this.part("speed");
    for (const speed of this.speeds) select.add(new Option(`${speed} s a second`, speed));
    const usual = this.speeds.findLast((speed) => speed <= this.horizon / 30);
    select.value = usual;
    this.speed = usual;
    select.addEventListener("change", () => (this.speed = Number(select.value)));
  }

  addData() {
    const run = this.runs.reduce((most, each) => ((each.data?.count ?? 0) > (most.data?.count ?? 0) ? each : most));
    this.part("voltages").hidden = !run.data;
    if (!run.data) return;
    if (!this.runs.some((each) => each.data?.desired)) this.part("copy").querySelector("[value=clamped]").remove();
    const select = this.part("datum");
    this.part("data").hidden = run.data.count === 1;
    const voltage = (inputs) => inputs.map((value) => Number(value.toPrecision(3))).join(", ");
    run.data.inputs.forEach((inputs, at) => select.add(new Option(`${at}: ${voltage(inputs)} V`, at)));
  }

  set(name, value) {
    this[name] = value;
    this.seek(this.time);
  }

  /* Show a time; paused, the edges that tick at that very instant are lit. */
  seek(time, trail = 0) {
    this.time = Math.min(this.horizon, Math.max(0, time));
    for (const player of this.players) player.show(this.time, trail);
    this.curve.moveCursor(this.time);
    this.slider.value = this.time;
    const happened = this.players.map((player) => whole(player.acts.position)).join(" and ");
    this.slider.setAttribute("aria-valuetext", `${this.time.toPrecision(4)} s`);
    this.part("clock").textContent = `${this.time.toFixed(this.digits)} s of ${Number(this.horizon.toPrecision(6))} s`;
    const left = this.runs.some((run) => run.events.interval) ? " of those here" : "";
    this.part("count").textContent = `${happened} events so far${left}`;
    this.runs.forEach((run, at) => {
      const { time: times, error, accuracy } = run.probes;
      const last = upperBound(times, this.time) - 1;
      const held = last < 0 ? "–" : quantity(error[last], "V²");
      const classified = last < 0 || !accuracy ? "" : `, ${(100 * accuracy[last]).toFixed(1)} % right`;
      this.errors[at].textContent = `${run.name}: ${held}${classified}`;
    });
  }

  get digits() {
    return Math.max(0, 4 - Math.ceil(Math.log10(this.horizon)));
  }

  step(direction) {
    this.pause();
    const times = this.players
      .map(({ acts }) => (direction > 0 ? acts.next(this.time) : acts.previous(this.time)))
      .filter((time) => time !== undefined);
    if (times.length) this.seek(direction > 0 ? Math.min(...times) : Math.max(...times));
    else if (direction < 0) this.seek(0);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.time >= this.horizon) this.seek(0);
    this.setPlaying(true);
    let before = null;
    const frame = (now) => {
      if (!this.playing) return;
      const passed = before === null ? 0 : Math.min(0.25, (now - before) / 1000);
      before = now;
      this.seek(this.time + passed * this.speed, Math.min(FLASH_S * this.speed, this.longest));
      if (this.time >= this.horizon) this.pause();
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  pause() {
    if (this.playing) this.setPlaying(false);
    this.seek(this.time);
  }

  setPlaying(playing) {
    this.playing = playing;
    this.part("play").textContent = playing ? "❚❚ pause" : "▶ play";
  }

  changeSpeed(steps) {
    const at = this.speeds.indexOf(this.speed) + steps;
    this.speed = this.speeds[Math.min(this.speeds.length - 1, Math.max(0, at))];
    this.part("speed").value = this.speed;
  }

  select(edge) {
    const number = Number.isInteger(edge) && edge >= 0 ? edge : null;
    this.edgeBox.value = number ?? "";
    for (const player of this.players) player.select(number);
  }

  chooseNext(steps) {
    const edges = Number(this.edgeBox.max) + 1;
    const chosen = this.edgeBox.value === "" ? (steps > 0 ? -1 : 0) : Number(this.edgeBox.value);
    this.select((chosen + steps + edges) % edges);
  }

  addKeys() {
    const actions = {
      " ": () => this.toggle(),
      ArrowRight: (event) => (event.shiftKey ? this.seek(this.time + this.horizon / 20) : this.step(1)),
      ArrowLeft: (event) => (event.shiftKey ? this.seek(this.time - this.horizon / 20) : this.step(-1)),
      Home: () => this.seek(0),
      End: () => this.seek(this.horizon),
      "+": () => this.changeSpeed(1),
      "-": () => this.changeSpeed(-1),
      e: () => this.chooseNext(1),
      E: () => this.chooseNext(-1),
      Escape: () => this.select(null),
    };
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !(event.key in actions)) return;
      const { target } = event;
      if (target.matches("select, input[type=number]") && event.key !== "Escape") return;
      if (event.key === " " && target.matches("button, summary, a")) return; // a press of that one
      event.preventDefault();
      actions[event.key](event);
    });
  }
}

/* A page that cannot show its replay says so, and keeps the rest. */
async function begin() {
  const place = document.getElementById("replay");
  const failure = place.querySelector(".failure");
  try {
    if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old for it (it lacks DecompressionStream)");
    const page = JSON.parse(document.getElementById("replay-data").textContent);
    for (const run of page.runs) {
      for (const table of ["nodes", "edges", "events", "probes"]) run[table] = await unpackTable(run[table]);
      if (!run.probes.time.length) run.probes.error = run.probes.time;
    }
    window.ohmtick = new Replay(place, page);
    failure.hidden = true;
  } catch (error) {
    failure.hidden = false;
    failure.textContent = `The replay cannot be shown: ${error.message}`;
    throw error;
  }
}

begin();
