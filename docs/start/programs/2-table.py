# A table with words and gaps, and a question about it.
import random

from made_np import MADEDensity

draw = random.Random(1)
table = {"plan": [], "spent": []}
for _ in range(300):
    plan = draw.choice(["basic", "plus", "pro"])
    spent = round(draw.gauss({"basic": 5, "plus": 12, "pro": 25}[plan], 4), 1)
    table["plan"].append(plan if draw.random() > 0.1 else None)
    table["spent"].append(spent)

model = MADEDensity((32,), max_epochs=60, dtype="float64", random_state=0).fit(table)
print(model.columns_)
for plan in ("basic", "plus", "pro"):
    p = model.probability({"spent": (15, None)}, given={"plan": plan})
    print(f"P(spent >= 15 | plan = {plan}) = {p:.3f}")
print(model.sample(4, random_state=0))
