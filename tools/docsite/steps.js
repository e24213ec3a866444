// SPDX-License-Identifier: BSD-3-Clause
// A figure with steps can be stepped through: by its buttons, and by the keys Left, Right, Home, End and Escape while
// it has the focus. Paper shows all steps.
"use strict";

function stepper(figure) {
    const steps = [...figure.querySelectorAll(".step")];
    const says = figure.querySelector(".says");
    let now = 0; // 0: all steps are shown

    function show(step) {
        now = Math.max(0, Math.min(step, steps.length));
        figure.classList.toggle("stepping", now > 0);
        steps.forEach((g, i) => {
            g.classList.toggle("past", i < now);
            g.classList.toggle("now", i === now - 1);
        });
        says.textContent = now ? `Step ${now} of ${steps.length}. ${steps[now - 1].dataset.says}` : "";
        figure.dataset.step = now;
    }

    const moves = {
        first: () => show(1),
        back: () => show(Math.max(1, now - 1)),
        next: () => show(now + 1),
        all: () => show(0),
    };
    const keys = { ArrowRight: "next", ArrowLeft: "back", Home: "first", Escape: "all" };
    for (const button of figure.querySelectorAll("button"))
        button.addEventListener("click", moves[button.dataset.move]);
    figure.addEventListener("keydown", (event) => {
        const move = event.key === "End" ? () => show(steps.length) : moves[keys[event.key]];
        if (move && !event.altKey && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            move();
        }
    });
    show(0);
}

document.querySelectorAll("figure.steps").forEach(stepper);
document.body.dataset.drawn = "yes";
