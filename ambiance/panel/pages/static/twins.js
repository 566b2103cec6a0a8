// Twins of a room's devices: told what real ones are told, they fade as real ones do.
// Lamps move in a straight line of L* and mired, players in a straight line of decibels (MQTT payloads of the native dialect).

const SILENCE = 20; // dBA that count as silence
const OFF = -60; // decibels

const lstar = (output) => (output > 216 / 24389 ? 116 * Math.cbrt(output) - 16 : (24389 / 27) * output);
const output = (level) => (level > 8 ? ((level + 16) / 116) ** 3 : (level * 27) / 24389);
const channels = (color) => [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));

class Move {
  constructor(value) {
    this.from = this.to = value;
    this.began = -1e9;
    this.fade = 0;
  }
  at(now) {
    const part = this.fade > 0 ? Math.min(1, Math.max(0, (now - this.began) / this.fade)) : 1;
    return this.from + (this.to - this.from) * part;
  }
  go(to, now, fade) {
    this.from = this.at(now);
    this.to = to;
    this.began = now;
    this.fade = fade;
  }
}

export class Twins {
  constructor(score) {
    this.score = score;
    this.heard = [];
    this.#reset();
  }

  #reset() {
    this.next = 0;
    this.clock = -Infinity;
    this.heard = [];
    this.lamps = new Map();
    this.players = new Map();
    this.mist = new Map();
    this.others = new Map();
    for (const device of this.score.devices) {
      if (device.kind === "light") {
        this.lamps.set(device.id, { ...device, level: new Move(0), mired: new Move(370), tint: [255, 214, 170], from: null });
      } else if (device.kind === "player") {
        this.players.set(device.id, { ...device, playing: false, level: new Move(OFF) });
      }
    }
  }

  /** The room at an instant, having heard everything up to then. Going back begins anew. */
  at(now) {
    if (now < this.clock) {
      this.#reset();
    }
    const lines = this.score.messages;
    while (this.next < lines.length && lines[this.next].at <= now) {
      this.#hear(lines[this.next]);
      this.next += 1;
    }
    this.clock = now;
    return this.#room(now);
  }

  #hear(line) {
    const { at, device, payload } = line;
    this.heard.push(line);
    const lamp = this.lamps.get(device);
    if (lamp) {
      lamp.level.go(payload.on ? lstar(payload.brightness / 100) : 0, at, payload.fade);
      lamp.mired.go(1e6 / payload.kelvin, at, payload.fade);
      lamp.from = tint(lamp, at);
      lamp.tint = channels(line.tint);
      lamp.turned = at;
      lamp.turning = payload.fade;
      return;
    }
    const player = this.players.get(device);
    if (player) {
      player.playing = payload.playing;
      player.level.go(payload.volume > 0 ? 60 * Math.log10(payload.volume / 100) : OFF, at, payload.fade);
      return;
    }
    if ("intensity" in payload) {
      this.mist.set(device, { until: payload.on ? at + payload.run_for : at, intensity: payload.on ? payload.intensity : 0 });
      return;
    }
    this.others.set(device, payload);
  }

  #room(now) {
    let light = 0;
    let weighted = 0;
    const lamps = [];
    for (const lamp of this.lamps.values()) {
      const level = lamp.level.at(now);
      const out = output(level);
      lamps.push({ id: lamp.id, role: lamp.role, level, tint: tint(lamp, now) });
      if (lamp.role !== "exam") {
        light += lamp.share * out;
        weighted += lamp.share * out * lamp.mired.at(now);
      }
    }
    let dba = null;
    for (const player of this.players.values()) {
      const level = this.score.room.full_volume_dba + player.level.at(now);
      if (player.playing && level > SILENCE) {
        dba = Math.max(dba ?? 0, level);
      }
    }
    const mist = [...this.mist.values()].reduce((most, run) => (run.until > now ? Math.max(most, run.intensity) : most), 0);
    return {
      lamps,
      lux: light * this.score.room.full_light_lux,
      lstar: lstar(light),
      kelvin: light > 0 ? 1e6 / (weighted / light) : 2700,
      dba,
      mist,
      others: this.others,
    };
  }
}

function tint(lamp, now) {
  if (!lamp.from || !lamp.turning) {
    return lamp.tint;
  }
  const part = Math.min(1, Math.max(0, (now - lamp.turned) / lamp.turning));
  return lamp.tint.map((channel, i) => lamp.from[i] + (channel - lamp.from[i]) * part);
}
