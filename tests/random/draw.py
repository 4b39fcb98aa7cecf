"""Random MJCF of the parts that `envs` computes.

    python draw.py SEED INDEX         # prints one model
    python draw.py SEED INDEX part    # prints the model that it attaches, which it names INDEX.part.xml

A model follows from its seed and index alone. What it leaves out is what `docs/src/physics.md` calls refused.
"""
import math
import random
import sys
import xml.etree.ElementTree as ET

# Pairs of these shapes are found by a search that ends within `ccd_tolerance`.
ROUND = {"ellipsoid", "cylinder", "mesh"}
EULERSEQ = ["xyz", "XYZ", "zyx", "ZYX", "xYz", "zxz", "XyX", "yzx"]
SOLIMP = ["0.9 0.95 0.001", "0.95 0.99 0.01 0.5 2", "0 0.9 0.05 0.3 3", "0.5 0.9 0.1 0.7 1", "0.99 0.8 0.02 0.5 1.5",
          "0.8", "0.9 0.9 0", "0.2 1.5 0.01 0.2 4", "0.9 0.95 0.001 0 1"]


class Draw:
    """One model as it grows."""

    def __init__(self, seed, index):
        # The text of the model that it attaches, if it attaches one.
        self.seed, self.index, self.part = seed, index, None
        self.rng = random.Random(f"{seed}/{index}")
        self.counts = {}
        self.nq = 0
        # What a later element may name: (name, type) of joints, geoms; names of bodies, tendons.
        self.joints, self.geoms, self.bodies, self.tendons, self.sites = [], [], [], [], []
        # Whether the model has parts beyond joints, fixed tendons and motors.
        self.rich = self.chance(0.5)
        # Where keyframes and orientations stand.
        self.quats = []
        self.degrees = self.chance(0.6)
        self.autolimits = self.chance(0.85)
        # Models of one temper: all numbers plain and centred, or anything.
        self.plain = self.chance(0.3)
        self.softness = self.rng.choice([0.0, 0.15, 0.5])
        shapes = ["sphere", "capsule", "box"]
        self.shapes = self.rng.choice([shapes] * 8 + [["sphere", "capsule"], ["box"], ["sphere"], ["sphere", "cylinder"],
                                                      ["sphere", "cylinder"], shapes + ["cylinder", "ellipsoid"]])
        self.classes = []
        # Meshes come from a generator of their own, so that all else stays as it is without them.
        self.mesh_rng = random.Random(f"{seed}/{index}/meshes")
        self.meshes = 3 if self.mesh_rng.random() < 0.25 else 0
        self.grids = set()
        # So do sensors, and what came after them.
        self.sensor_rng = random.Random(f"{seed}/{index}/sensors")
        self.more_rng = random.Random(f"{seed}/{index}/more")
        self.parts_rng = random.Random(f"{seed}/{index}/parts")

    # --- numbers

    def chance(self, p):
        return self.rng.random() < p

    def number(self, low, high):
        x = self.rng.uniform(low, high)
        return self.format(x)

    def format(self, x):
        return f"{x:.{self.rng.choice([2, 3, 17])}g}"

    def numbers(self, n, low, high):
        return " ".join(self.number(low, high) for _ in range(n))

    def scale(self, low, high):
        """A number of any size between two positive ones."""
        return self.format(math.exp(self.rng.uniform(math.log(low), math.log(high))))

    def angle(self, low, high):
        """An angle in the file's unit, given in radians."""
        x = self.rng.uniform(low, high)
        return self.format(math.degrees(x) if self.degrees else x)

    def direction(self):
        if self.plain or self.chance(0.4):
            axis = self.rng.choice(["1 0 0", "0 1 0", "0 0 1", "-1 0 0", "0 -1 0", "0 0 -1"])
            return axis
        return " ".join(self.format(self.rng.gauss(0, 1) + 1e-3) for _ in range(3))

    def name(self, kind):
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}{self.counts[kind]}"

    # --- shared attributes

    def turn(self, element, p=0.4):
        """Perhaps an orientation, in one of the five ways; sometimes no or hardly any rotation."""
        if not self.chance(p):
            return
        if self.plain:
            element.set("euler", " ".join(self.angle(0, 0) if self.chance(0.6) else
                                          self.format((90 if self.degrees else math.pi / 2) * self.rng.choice([1, -1, 2]))
                                          for _ in range(3)))
            return
        way = self.rng.choice(["quat", "axisangle", "euler", "xyaxes", "zaxis", "hair"])
        if way == "quat":
            element.set("quat", " ".join(self.format(self.rng.gauss(0, 1)) for _ in range(4)))
        elif way == "axisangle":
            element.set("axisangle", self.direction() + " " + self.angle(-4, 4))
        elif way == "euler":
            element.set("euler", " ".join(self.angle(-3, 3) for _ in range(3)))
        elif way == "xyaxes":
            element.set("xyaxes", self.numbers(3, 0.2, 1) + " " + self.numbers(3, -1, 0.1))
        elif way == "zaxis":
            element.set("zaxis", self.direction())
        else:
            element.set("quat", "1 " + self.rng.choice(["1e-7 0 0", "0 3e-7 0", "0 0 3e-6", "0 0 1e-9"]))

    def soft(self, element, *names):
        """Perhaps other softness of a constraint, under each of the names' last parts."""
        for last in names:
            if self.chance(self.softness):
                ways = [f"{self.scale(0.004, 0.2)} {self.number(0.3, 2)}", self.scale(0.01, 0.1),
                        f"-{self.scale(10, 5000)} -{self.scale(0.1, 100)}", "0.001 1"]
                element.set("solref" + last, self.rng.choice(ways))
            if self.chance(self.softness):
                element.set("solimp" + last, self.rng.choice(SOLIMP))

    def limit(self, element, prefix, low, high):
        """A range, and where needed whether it is felt."""
        element.set(prefix + "range", f"{low} {high}")
        if not prefix and self.autolimits and self.chance(0.04):
            # Upside down, so no limit.
            element.set(prefix + "range", f"{high} {low}")
        elif not self.autolimits or self.chance(0.1):
            element.set(prefix + "limited", "true" if self.chance(0.85) else "false")

    # --- settings

    def settings(self, root):
        compiler = ET.SubElement(root, "compiler", angle="degree" if self.degrees else "radian")
        if not self.autolimits:
            compiler.set("autolimits", "false")
        options = [("eulerseq", self.rng.choice(EULERSEQ), 0.4), ("boundmass", self.scale(0.01, 1), 0.1),
                   ("boundinertia", self.scale(1e-4, 0.1), 0.1), ("settotalmass", self.scale(1, 20), 0.1),
                   ("balanceinertia", "true", 0.3), ("alignfree", "true", 0.1),
                   ("inertiafromgeom", self.rng.choice(["true", "auto"]), 0.2), ("inertiagrouprange", "0 2", 0.1)]
        for key, value, p in options:
            if self.chance(p):
                compiler.set(key, value)
        option = ET.SubElement(root, "option", timestep=self.rng.choice(["0.002", "0.001", "0.005", "0.01", "0.003"]))
        option.set("integrator", self.rng.choice(["Euler", "Euler", "implicitfast", "implicitfast", "RK4", "implicit"]))
        option.set("solver", self.rng.choice(["Newton", "Newton", "CG", "PGS"]))
        option.set("cone", self.rng.choice(["pyramidal", "elliptic"]))
        settings = [("iterations", self.rng.choice(["0", "1", "2", "3", "5", "10", "30"]), 0.4),
                    ("ls_iterations", self.rng.choice(["1", "2", "3", "10", "30"]), 0.15),
                    ("tolerance", self.rng.choice(["0", "1e-9", "1e-6", "1e-6", "1e-3"]), 0.25),
                    ("ls_tolerance", self.rng.choice(["0.1", "0.001", "1e-6"]), 0.1),
                    ("impratio", self.scale(0.1, 20), 0.3), ("gravity", self.numbers(3, -12, 12), 0.2),
                    ("o_solref", "0.05 1", 0.05), ("o_margin", "0.1", 0.05), ("o_solimp", "0.8 0.9 0.01", 0.05),
                    ("o_friction", "0.5 0.4 0.01 0.001 0.002", 0.05), ("actuatorgroupdisable", "1", 0.1),
                    ("noslip_iterations", self.rng.choice(["1", "3", "10"]), 0.12),
                    ("noslip_tolerance", self.rng.choice(["0", "1e-3"]), 0.1)]
        if self.chance(0.25):
            settings += [("density", self.rng.choice(["1.2", "1000", "0"]), 0.8),
                         ("viscosity", self.rng.choice(["0.001", "0.5", "2e-5"]), 0.8),
                         ("wind", self.numbers(3, -5, 5), 0.5)]
        for key, value, p in settings:
            if self.chance(p):
                option.set(key, value)
        flags = [("constraint", 0.02), ("frictionloss", 0.05), ("limit", 0.05), ("contact", 0.04), ("gravity", 0.05),
                 ("clampctrl", 0.1), ("filterparent", 0.1), ("island", 0.3), ("midphase", 0.1), ("warmstart", 0.05),
                 ("spring", 0.05), ("damper", 0.05), ("actuation", 0.03), ("refsafe", 0.1), ("eulerdamp", 0.15),
                 ("equality", 0.05)]
        off = {name: "disable" for name, p in flags if self.chance(p)}
        if self.chance(0.08):
            off["override"] = "enable"
        if off:
            ET.SubElement(option, "flag", off)
        if self.chance(0.1):
            ET.SubElement(root, "statistic", meaninertia=self.scale(0.01, 10))

    def defaults(self, root):
        default = ET.SubElement(root, "default")
        self.class_of(default, 0.5)
        if self.chance(0.5):
            outer = ET.SubElement(default, "default", {"class": "outer"})
            self.class_of(outer, 0.3)
            inner = ET.SubElement(outer, "default", {"class": "inner"})
            self.class_of(inner, 0.3)
            self.classes = ["outer", "inner"]

    def class_of(self, default, p):
        if self.chance(p):
            geom = ET.SubElement(default, "geom")
            self.touch(geom)
            if self.chance(0.3):
                geom.set("density", self.scale(100, 3000))
        if self.chance(p):
            self.joint_parameters(ET.SubElement(default, "joint"), None)
        if self.chance(p):
            self.tendon_parameters(ET.SubElement(default, "tendon"), ranged=False)
        if self.chance(p):
            general = ET.SubElement(default, "general")
            if self.chance(0.5):
                self.limit(general, "ctrl", self.number(-2, -0.2), self.number(0.2, 2))
            if self.chance(0.3):
                self.limit(general, "force", self.scale(0.1, 10).join(["-", ""]), self.scale(0.1, 10))
        if self.chance(p):
            self.soft(ET.SubElement(default, "pair"), "")

    def of_class(self, element):
        if self.classes and self.chance(0.25):
            element.set("class", self.rng.choice(self.classes))

    # --- bodies

    def world(self, root):
        world = ET.SubElement(root, "worldbody")
        if self.chance(0.75):
            floor = ET.SubElement(world, "geom", name=self.name("floor"), type="plane", size="3 3 0.1")
            self.geoms.append((floor.get("name"), "plane", 0))
            self.touch(floor)
            if self.chance(0.15) and not self.plain:
                floor.set("zaxis", f"{self.number(-0.2, 0.2)} {self.number(-0.2, 0.2)} 1")
        for _ in range(self.rng.choice([0, 0, 0, 1, 2])):
            self.geom(world, 0, 0.4)
        budget = self.rng.choice([1, 1, 2, 2, 3, 4, 5, 6, 8, 10])
        trees = 0
        while budget > 0:
            budget = self.body(world, 1, budget)
            trees += 1
        if self.chance(0.02):
            ET.SubElement(world, "body", name=self.name("body"), pos="0 0 1")
        if self.rich:
            for _ in range(self.rng.choice([1, 2, 3])):
                self.site(world, 0.5)
            if self.chance(0.3):
                mocap = ET.SubElement(world, "body", name=self.name("body"), mocap="true", pos=self.numbers(3, -0.4, 0.4))
                self.bodies.append(mocap.get("name"))
                self.turn(mocap)
                self.geom(mocap, len(self.bodies), 0.1)
                self.site(mocap, 0.1)
        return world

    def site(self, body, far):
        site = ET.SubElement(body, "site", name=self.name("site"), pos=self.numbers(3, -far, far))
        self.sites.append(site.get("name"))
        self.turn(site)

    def body(self, parent, depth, budget):
        """A body with descendants; what is left of the budget."""
        frame = parent
        if self.chance(0.08):
            frame = ET.SubElement(parent, "frame", pos=self.numbers(3, -0.2, 0.2))
            self.turn(frame)
        body = ET.SubElement(frame, "body", name=self.name("body"))
        self.bodies.append(body.get("name"))
        mine = len(self.bodies)
        reach = 0.4 if depth == 1 else 0.25
        if self.plain and self.chance(0.5):
            body.set("pos", self.rng.choice(["0 0 0.2", "0.1 0 0.1", "0.2 0 0.3", "0 -0.3 0.1"]))
        else:
            low = 0.0 if depth == 1 else -reach
            body.set("pos", f"{self.number(-reach, reach)} {self.number(-reach, reach)} {self.number(low, reach)}")
        self.turn(body, 0.3)
        if self.classes and self.chance(0.1):
            body.set("childclass", self.rng.choice(self.classes))
        moves = self.joints_of(body, depth)
        if self.chance(0.15) or (moves and self.chance(0.05)):
            self.inertial(body)
        for _ in range(self.rng.choice([1, 1, 1, 2, 3])):
            self.geom(body, mine, 0.12)
        if self.chance(0.6 if self.rich else 0.1):
            self.site(body, 0.2)
        if self.chance(0.1):
            body.set("gravcomp", self.rng.choice(["1", "0.3", "1.5"]))
        budget -= 1
        while budget > 0 and depth < 6 and self.chance(0.55):
            budget = self.body(body, depth + 1, budget)
        return budget

    def joints_of(self, body, depth):
        kinds = self.rng.choice(
            [["free"]] * (9 if depth == 1 else 0) + [["hinge"]] * 6 + [["slide"]] * 3 + [["ball"]] * 3 + [[]] * (2 if depth > 1 else 1)
            + [["hinge", "hinge"], ["hinge", "hinge", "hinge"], ["slide", "hinge"], ["slide", "slide"],
               ["slide", "slide", "slide"], ["slide", "slide", "slide", "ball"], ["slide", "ball"],
               ["slide", "slide", "hinge"]])
        # Joints of one body turn and slide about different axes, or the inertia would be singular.
        axes = self.rng.sample(["1 0 0", "0 1 0", "0 0 1"], 3) if self.plain or self.chance(0.5) else None
        for at, kind in enumerate(kinds):
            if kind == "free" and self.chance(0.5):
                joint = ET.SubElement(body, "freejoint", name=self.name("joint"))
                if self.chance(0.2):
                    joint.set("align", self.rng.choice(["true", "false", "auto"]))
            else:
                joint = ET.SubElement(body, "joint", name=self.name("joint"), type=kind)
                self.of_class(joint)
                if kind in ("hinge", "slide"):
                    joint.set("axis", axes[at] if axes else self.direction())
                if kind != "free" and self.chance(0.2 if self.plain else 0.6):
                    joint.set("pos", self.numbers(3, -0.1, 0.1))
                self.joint_parameters(joint, kind)
            self.joints.append((joint.get("name"), kind))
            if kind in ("free", "ball"):
                self.quats.append(self.nq + (3 if kind == "free" else 0))
            self.nq += {"free": 7, "ball": 4}.get(kind, 1)
        return bool(kinds)

    def joint_parameters(self, joint, kind):
        """Springs, dampers, limits; of a class where there is no kind."""
        if self.chance(0.3):
            joint.set("damping", self.scale(0.001, 5))
        if self.chance(0.2):
            joint.set("stiffness", self.scale(0.01, 100))
        if self.chance(0.2):
            joint.set("armature", self.scale(0.001, 1))
        if self.chance(0.15):
            joint.set("frictionloss", self.scale(0.001, 2))
        self.soft(joint, "limit", "friction")
        if kind is None:
            return
        turns = kind != "slide"
        amount = self.angle if turns else self.number
        if kind in ("hinge", "slide"):
            if self.chance(0.3):
                self.limit(joint, "", amount(-1, -0.05), amount(0.05, 1))
            if self.chance(0.1):
                joint.set("ref", amount(-0.5, 0.5))
            if self.chance(0.1):
                joint.set("springref", amount(-0.5, 0.5))
            if self.chance(0.1):
                joint.set("actuatorgravcomp", "true")
            if self.chance(0.1):
                self.limit(joint, "actuatorfrc", self.number(-3, -0.1), self.number(0.1, 3))
        elif kind == "ball" and self.chance(0.3):
            self.limit(joint, "", "0", amount(0.05, 2))
        if kind != "free" and self.chance(0.1):
            joint.set("margin", self.number(0, 0.1))
        if self.chance(0.05):
            joint.set("springdamper", f"{self.scale(0.01, 1)} {self.number(0.1, 2)}")

    def inertial(self, body):
        pos = "0 0 0" if self.chance(0.4) else self.numbers(3, -0.05, 0.05)
        if self.chance(0.05):
            pos = "1e-7 0 -3e-7"
        inertial = ET.SubElement(body, "inertial", pos=pos, mass=self.scale(0.05, 5))
        if self.chance(0.4):
            a, b, c = (self.rng.uniform(0.01, 0.05) for _ in range(3))
            off = [self.rng.uniform(-0.004, 0.004) if self.chance(0.7) else 0.0 for _ in range(3)]
            inertial.set("fullinertia", " ".join(self.format(x) for x in [a + b, b + c, a + c, *off]))
        else:
            a, b, c = (self.rng.uniform(0.001, 0.05) for _ in range(3))
            both = self.rng.choice([[a + b, b + c, a + c], [a, a, a], [a, a, 1.5 * a]])
            inertial.set("diaginertia", " ".join(f"{x:.17g}" for x in both))
            self.turn(inertial)

    def geom(self, body, owner, far):
        kind = self.rng.choice(self.shapes)
        geom = ET.SubElement(body, "geom", name=self.name("geom"), type=kind)
        self.geoms.append((geom.get("name"), kind, owner))
        self.of_class(geom)
        size = lambda: self.number(0.03, 0.2)
        if self.plain and self.chance(0.5):
            size = lambda: self.rng.choice(["0.1", "0.05", "0.2"])
        if kind in ("capsule", "cylinder", "box", "ellipsoid") and self.chance(0.3):
            ends = self.rng.choice(["0 0 0 0 0 0.2", "0 0 0 0.3 0 0", "0 -0.1 0 0 0.1 0", self.numbers(6, -0.2, 0.2)])
            geom.set("fromto", ends)
            geom.set("size", size())
        else:
            count = {"sphere": 1, "capsule": 2, "cylinder": 2}.get(kind, 3)
            geom.set("size", " ".join(size() for _ in range(count)))
            if self.plain:
                if self.chance(0.3):
                    geom.set("pos", self.rng.choice(["0 0 0.1", "0.1 0 0", "0 0.05 0"]))
            elif self.chance(0.6):
                geom.set("pos", self.rng.choice(["1e-7 0 0", "0 0 5e-7", "2e-6 0 0"]) if self.chance(0.05) else
                         self.numbers(3, -far, far))
            if kind != "sphere":
                self.turn(geom, 0.15 if self.plain else 0.3)
        if self.chance(0.4):
            if self.chance(0.5):
                geom.set("mass", self.scale(0.01, 5))
            else:
                geom.set("density", self.scale(50, 5000))
        if self.chance(0.1):
            geom.set("group", str(self.rng.randrange(6)))
        self.touch(geom)
        if self.meshes and self.mesh_rng.random() < 0.4:
            self.geoms[-1] = (geom.get("name"), self.as_mesh(geom), owner)
        if kind in ROUND and len(self.shapes) < 4 and self.chance(0.8):
            # It touches planes and spheres only.
            geom.set("contype", "2")
            geom.set("conaffinity", "0")
        elif kind in ROUND and self.chance(0.5):
            geom.set("contype", "0")
            geom.set("conaffinity", "0")

    def touch(self, geom):
        """How a geom touches others."""
        if self.shapes == ["sphere", "cylinder"] or self.chance(0.15):
            geom.set("conaffinity", "3")
        if self.chance(0.05):
            geom.set("contype", self.rng.choice(["0", "2", "3", "-1"]))
        if self.chance(0.3):
            geom.set("condim", self.rng.choice(["1", "3", "4", "6"]))
        if self.chance(0.2):
            geom.set("friction", self.rng.choice([self.scale(0.05, 2), f"{self.scale(0.1, 2)} {self.scale(1e-3, 0.5)}",
                                                  f"{self.scale(0.1, 2)} {self.scale(1e-3, 0.5)} {self.scale(1e-4, 0.1)}", "0"]))
        if self.chance(0.1):
            geom.set("priority", str(self.rng.choice([-1, 1, 2])))
        if self.chance(0.1):
            geom.set("solmix", self.rng.choice(["0", "0.5", "3", "1e-20"]))
        self.soft(geom, "")
        if self.chance(0.2):
            geom.set("margin", self.number(0, 0.05))
            if self.chance(0.5):
                geom.set("gap", self.number(0, 0.04))

    # --- what stands outside the tree

    def assets(self, root):
        """Clouds of corners, some of which are faces of a grid."""
        rng = self.mesh_rng
        asset = ET.SubElement(root, "asset")
        for i in range(self.meshes):
            grid = rng.random() < 0.2
            if grid:
                self.grids.add(f"mesh{i}")
            place = (lambda: 0.05 * rng.randrange(-2, 3)) if grid else (lambda: rng.uniform(-0.15, 0.15))
            corners = [place() for _ in range(3 * rng.choice([4, 5, 8, 12, 20, 40]))]
            corners += [0, 0, 0, 0.2, 0, 0, 0, 0.15, 0, 0, 0, 0.1]
            mesh = ET.SubElement(asset, "mesh", name=f"mesh{i}", vertex=" ".join(f"{x:.7g}" for x in corners))
            if rng.random() < 0.3:
                mesh.set("scale", " ".join(f"{rng.choice([-1, 1, 1]) * rng.uniform(0.5, 1.5):.3g}" for _ in range(3)))
            if rng.random() < 0.3:
                mesh.set("refpos", " ".join(f"{rng.uniform(-0.1, 0.1):.3g}" for _ in range(3)))
            if rng.random() < 0.3:
                mesh.set("refquat", " ".join(f"{rng.gauss(0, 1):.5g}" for _ in range(4)))
            if rng.random() < 0.5:
                mesh.set("inertia", rng.choice(["legacy", "convex", "shell"]))

    def as_mesh(self, geom):
        """Makes a geom a mesh, or fits it to one."""
        rng = self.mesh_rng
        geom.set("mesh", f"mesh{rng.randrange(self.meshes)}")
        for key in ("size", "fromto"):
            geom.attrib.pop(key, None)
        if rng.random() < 0.8:
            geom.set("type", "mesh")
        elif rng.random() < 0.3:
            geom.set("fitscale", f"{rng.uniform(0.5, 1.2):.3g}")
        if rng.random() < 0.25:
            geom.set("contype", "0")
            geom.set("conaffinity", "0")
        return geom.get("type")

    def contact(self, root):
        contact = ET.SubElement(root, "contact")
        touching = [g for g in self.geoms if not ROUND & {g[1]}] or self.geoms
        if len(touching) >= 2:
            for _ in range(self.rng.choice([1, 1, 2, 3])):
                (one, _, a), (other, _, b) = self.rng.sample(touching, 2)
                if a == b:
                    continue
                pair = ET.SubElement(contact, "pair", geom1=one, geom2=other)
                if self.chance(0.5):
                    pair.set("condim", self.rng.choice(["1", "3", "4", "6"]))
                if self.chance(0.4):
                    pair.set("friction", " ".join(self.scale(0.01, 2) for _ in range(self.rng.randint(1, 5))))
                if self.chance(0.3):
                    pair.set("margin", self.number(0, 0.1))
                if self.chance(0.3):
                    pair.set("gap", self.number(0, 0.05))
                if self.chance(0.3):
                    pair.set("solreffriction", f"{self.scale(0.01, 0.1)} {self.number(0.5, 2)}")
                self.soft(pair, "")
        if len(self.bodies) >= 2 and self.chance(0.4):
            one, other = self.rng.sample(self.bodies, 2)
            ET.SubElement(contact, "exclude", body1=one, body2=other)

    def tendon_parameters(self, tendon, ranged):
        for key, low, high, p in [("stiffness", 0.1, 100, 0.3), ("damping", 0.01, 5, 0.4), ("armature", 0.001, 1, 0.3),
                                  ("frictionloss", 0.01, 2, 0.25)]:
            # MuJoCo 3.3.7 knows no armature in a class of tendons.
            if self.chance(p) and (ranged or key != "armature"):
                tendon.set(key, self.scale(low, high))
        self.soft(tendon, "limit", "friction")
        if ranged:
            if self.chance(0.4):
                self.limit(tendon, "", self.number(-0.5, -0.01), self.number(0.01, 0.5))
            if self.chance(0.1):
                tendon.set("margin", self.number(0, 0.1))
            if self.chance(0.2):
                tendon.set("springlength", self.rng.choice([self.number(-0.2, 0.2),
                                                            f"{self.number(-0.3, 0)} {self.number(0, 0.3)}"]))

    def spatial(self, section):
        """A tendon along sites, and around geoms and over pulleys where it is not inert."""
        tendon = ET.SubElement(section, "spatial", name=self.name("tendon"))
        self.tendons.append(tendon.get("name"))
        self.of_class(tendon)
        self.tendon_parameters(tendon, ranged=True)
        if "armature" in tendon.attrib:
            del tendon.attrib["armature"]
        if "range" in tendon.attrib:
            tendon.set("range", f"{self.number(0, 0.5)} {self.number(0.6, 1.5)}")
        if "springlength" in tendon.attrib:
            tendon.set("springlength", self.number(0, 0.6))
        round_geoms = [name for name, kind, _ in self.geoms if kind in ("sphere", "cylinder")]
        for branch in range(self.rng.choice([1, 1, 1, 2])):
            if branch or self.chance(0.05):
                ET.SubElement(tendon, "pulley", divisor=self.rng.choice(["2", "0.5", self.number(0.3, 3)]))
            way = self.rng.sample(self.sites, min(len(self.sites), self.rng.choice([2, 2, 3])))
            for at, site in enumerate(way):
                if at and round_geoms and self.chance(0.5):
                    geom = ET.SubElement(tendon, "geom", geom=self.rng.choice(round_geoms))
                    if self.chance(0.5):
                        geom.set("sidesite", self.rng.choice(self.sites))
                ET.SubElement(tendon, "site", site=site)

    def equality(self, root):
        section = ET.SubElement(root, "equality")
        bodies = self.bodies + ["world"]
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            kind = self.rng.choice(["connect", "weld", "joint", "tendon"])
            pairs = {"joint": self.scalars(), "tendon": self.tendons}
            if kind in pairs:
                names = pairs[kind]
                if not names:
                    continue
                held = ET.SubElement(section, kind)
                chosen = self.rng.sample(names, min(len(names), self.rng.choice([1, 2, 2])))
                for at, name in enumerate(chosen, 1):
                    held.set(f"{kind}{at}", name)
                if self.chance(0.8):
                    held.set("polycoef", self.numbers(self.rng.randint(1, 5), -0.5, 1))
            elif len(self.sites) >= 2 and self.chance(0.4):
                held = ET.SubElement(section, kind)
                held.set("site1", self.sites[0])
                held.set("site2", self.sites[-1])
            else:
                held = ET.SubElement(section, kind)
                one, other = self.rng.sample(bodies, 2)
                held.set("body1", one)
                if other != "world":
                    held.set("body2", other)
                if kind == "connect" or self.chance(0.5):
                    held.set("anchor", self.numbers(3, -0.2, 0.2))
                if kind == "weld" and self.chance(0.3):
                    held.set("relpose", self.numbers(3, -0.2, 0.2) + " " + self.numbers(4, 0.1, 1))
            if kind == "weld" and self.chance(0.3):
                held.set("torquescale", self.scale(0.1, 3))
            if self.chance(0.1):
                held.set("active", "false")
            self.soft(held, "")

    def scalars(self):
        return [name for name, kind in self.joints if kind in ("hinge", "slide")]

    def tendon(self, root):
        names = self.scalars()
        section = ET.SubElement(root, "tendon")
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            if len(self.sites) >= 2 and (not names or self.chance(0.6)):
                self.spatial(section)
                continue
            if not names:
                continue
            tendon = ET.SubElement(section, "fixed", name=self.name("tendon"))
            self.tendons.append(tendon.get("name"))
            self.of_class(tendon)
            self.tendon_parameters(tendon, ranged=True)
            held = self.rng.sample(names, min(len(names), self.rng.choice([1, 2, 2, 3, 4])))
            if self.chance(0.1):
                held.append(held[0])
            for name in held:
                ET.SubElement(tendon, "joint", joint=name, coef=self.rng.choice(["1", "-1", "0.5", self.number(-2, 2)]))

    def actuator(self, root):
        section = ET.SubElement(root, "actuator")
        for _ in range(self.rng.choice([1, 2, 3, 4])):
            kind = self.rng.choice(["motor", "position", "velocity", "damper", "general"])
            if self.rich and self.chance(0.5):
                kind = self.rng.choice(["intvelocity", "cylinder", "muscle", "adhesion", "general", "position"])
            actuator = ET.SubElement(section, kind, name=self.name("actuator"))
            joint, target = self.rng.choice(self.joints)
            if kind == "adhesion":
                actuator.set("body", self.rng.choice(self.bodies))
                actuator.set("ctrlrange", f"0 {self.number(0.5, 3)}")
                actuator.set("gain", self.scale(0.1, 10))
                continue
            if self.sites and kind != "muscle" and self.chance(0.15):
                actuator.set("site", self.rng.choice(self.sites))
                target = "free"
                if self.chance(0.5):
                    actuator.set("refsite", self.rng.choice(self.sites))
            elif len(self.sites) >= 2 and kind != "muscle" and self.chance(0.1):
                crank, slider = self.rng.sample(self.sites, 2)
                actuator.set("cranksite", crank)
                actuator.set("slidersite", slider)
                actuator.set("cranklength", self.number(0.1, 1.5))
                target = "crank"
            elif self.tendons and self.chance(0.3):
                actuator.set("tendon", self.rng.choice(self.tendons))
                target = "tendon"
            else:
                actuator.set("jointinparent" if self.chance(0.15) else "joint", joint)
            felt = {"free": 6, "ball": 3}.get(target, 1)
            if felt > 1 or self.chance(0.4):
                actuator.set("gear", " ".join(self.number(-3, 3) for _ in range(self.rng.choice([1, felt, felt, 6]))))
            self.of_class(actuator)
            if kind == "damper":
                actuator.set("kv", self.scale(0.01, 10))
                actuator.set("ctrlrange", f"0 {self.number(0.5, 3)}")
            elif self.chance(0.4):
                self.limit(actuator, "ctrl", self.number(-2, -0.1), self.number(0.1, 2))
            if self.chance(0.25):
                self.limit(actuator, "force", self.number(-5, -0.1), self.number(0.1, 5))
            if kind == "position":
                actuator.set("kp", self.scale(0.1, 100))
                if self.chance(0.5):
                    actuator.set(self.rng.choice(["kv", "dampratio"]), self.scale(0.1, 3))
                if "ctrlrange" not in actuator.attrib and target in ("hinge", "slide") and self.chance(0.1):
                    actuator.set("inheritrange", self.number(0.5, 1.5))
            elif kind == "velocity":
                actuator.set("kv", self.scale(0.01, 20))
            elif kind == "intvelocity":
                actuator.set("kp", self.scale(0.1, 100))
                actuator.set("actrange", f"{self.number(-1, 0)} {self.number(0.1, 1)}")
            elif kind == "cylinder":
                actuator.set("timeconst", self.scale(0.01, 1))
                actuator.set(self.rng.choice(["area", "diameter"]), self.scale(0.1, 3))
                actuator.set("bias", self.numbers(3, -1, 1))
            elif kind == "muscle":
                actuator.set("lengthrange", f"{self.number(-0.6, 0.2)} {self.number(0.3, 1)}")
                for key, low, high in [("force", 1, 50), ("scale", 50, 300), ("vmax", 0.5, 5), ("fpmax", 0.5, 2),
                                       ("fvmax", 1.1, 2), ("tausmooth", 0.01, 1)]:
                    if self.chance(0.3):
                        actuator.set(key, self.scale(low, high))
                if self.chance(0.3):
                    actuator.set("timeconst", f"{self.scale(0.005, 0.1)} {self.scale(0.005, 0.1)}")
                if self.chance(0.3):
                    actuator.set("range", f"{self.number(0.5, 0.8)} {self.number(0.9, 1.3)}")
            elif kind == "general":
                if self.chance(0.1):
                    actuator.set("group", "1")
                if self.chance(0.7):
                    actuator.set("gaintype", self.rng.choice(["fixed", "affine"]))
                    actuator.set("gainprm", self.numbers(3, -2, 2))
                if self.rich and self.chance(0.6):
                    actuator.set("dyntype", self.rng.choice(["integrator", "filter", "filterexact", "muscle"]))
                    actuator.set("dynprm", f"{self.scale(0.005, 0.5)} {self.scale(0.005, 0.5)}")
                    if self.chance(0.4):
                        self.limit(actuator, "act", self.number(-1, -0.1), self.number(0.1, 1))
                    if self.chance(0.4):
                        actuator.set("actearly", "true")
                if self.chance(0.7):
                    actuator.set("biastype", self.rng.choice(["none", "affine"]))
                    actuator.set("biasprm", self.number(-1, 1) + " " + self.numbers(2, -3, 0))

    def sensor(self, root):
        """Sensors of all kinds that the model has objects for, and sites of all shapes."""
        rng = self.sensor_rng
        for site in root.iter("site"):
            if "name" in site.attrib and rng.random() < 0.7:
                site.set("type", rng.choice(["sphere", "capsule", "ellipsoid", "cylinder", "box"]))
                site.set("size", " ".join(f"{rng.uniform(0.02, 0.3):.3g}" for _ in range(3)))
        geoms = [name for name, _, _ in self.geoms]
        # The search for the nearest points of round shapes ends within a tolerance.
        exact = [name for name, kind, _ in self.geoms if kind in ("sphere", "capsule", "box")]
        balls = [name for name, kind in self.joints if kind == "ball"]
        actuators = [a.get("name") for section in root.findall("actuator") for a in section]
        framed = [("body", b) for b in self.bodies] + [("xbody", b) for b in self.bodies]
        framed += [("geom", g) for g in geoms] + [("site", s) for s in self.sites]
        one = [("site", self.sites, "touch accelerometer velocimeter gyro force torque magnetometer rangefinder"),
               ("joint", self.scalars(), "jointpos jointvel jointactuatorfrc jointlimitpos jointlimitvel jointlimitfrc"),
               ("joint", balls, "ballquat ballangvel"),
               ("tendon", self.tendons, "tendonpos tendonvel tendonactuatorfrc tendonlimitpos tendonlimitvel tendonlimitfrc"),
               ("actuator", actuators, "actuatorpos actuatorvel actuatorfrc"),
               ("body", self.bodies, "subtreecom subtreelinvel subtreeangmom")]
        one = [(key, names, kinds.split()) for key, names, kinds in one if names]
        section = ET.SubElement(root, "sensor")
        for _ in range(rng.choice([2, 5, 10, 20])):
            way = rng.random()
            if way < 0.5 and one:
                key, names, kinds = rng.choice(one)
                sensor = ET.SubElement(section, rng.choice(kinds), {key: rng.choice(names)})
            elif way < 0.75 and framed:
                kind = rng.choice("framepos framequat framexaxis frameyaxis framezaxis framelinvel frameangvel framelinacc "
                                  "frameangacc".split())
                objtype, objname = rng.choice(framed)
                sensor = ET.SubElement(section, kind, objtype=objtype, objname=objname)
                if not kind.endswith("acc") and rng.random() < 0.5:
                    reftype, refname = rng.choice(framed)
                    sensor.set("reftype", reftype)
                    sensor.set("refname", refname)
            elif way < 0.85 and len(exact) >= 2:
                a, b = rng.sample(exact, 2)
                sensor = ET.SubElement(section, rng.choice(["distance", "normal", "fromto"]), geom1=a, geom2=b)
                if rng.random() < 0.7:
                    sensor.set("cutoff", f"{rng.uniform(0.05, 2):.3g}")
                continue
            elif way < 0.93:
                sensor = ET.SubElement(section, "contact", num=str(rng.choice([1, 2, 4])))
                for side, choices in [("1", ["geom", "body", "subtree", "site"]), ("2", ["geom", "body", "subtree"])]:
                    kind = rng.choice([*choices, None, None])
                    names = {"geom": geoms, "site": self.sites}.get(kind, self.bodies)
                    if kind and names:
                        sensor.set(kind if kind == "site" else kind + side, rng.choice(names))
                sensor.set("reduce", rng.choice(["none", "mindist", "maxforce", "netforce"]))
                words = "found force torque dist pos normal tangent".split()
                sensor.set("data", " ".join(w for w in words if rng.random() < 0.5) or "found")
            elif way < 0.96 and self.sites and framed:
                objtype, objname = rng.choice(framed)
                sensor = ET.SubElement(section, "insidesite", site=rng.choice(self.sites), objtype=objtype, objname=objname)
            else:
                sensor = ET.SubElement(section, rng.choice(["e_potential", "e_kinetic", "clock"]))
            if rng.random() < 0.15 and sensor.tag not in ("ballquat", "framequat", "framexaxis", "frameyaxis", "framezaxis"):
                sensor.set("cutoff", f"{rng.uniform(0.05, 3):.3g}")

    def keyframe(self, root):
        section = ET.SubElement(root, "keyframe")
        key = ET.SubElement(section, "key", name="key")
        if self.chance(0.8):
            qpos = [self.rng.gauss(0, 0.3) for _ in range(self.nq)]
            if self.chance(0.3):
                for at in self.quats:
                    qpos[at:at + 4] = [1, 0, 0, 0]
            key.set("qpos", " ".join(self.format(x) for x in qpos))

    def more(self, root):
        """Height fields, hulls of few corners, several contacts of convex shapes, heavy spatial tendons, copies."""
        rng = self.more_rng
        world, option = root.find("worldbody"), root.find("option")
        if rng.random() < 0.12:
            asset = root.find("asset")
            asset = ET.SubElement(root, "asset") if asset is None else asset
            rows, columns = rng.randint(2, 6), rng.randint(2, 6)
            heights = " ".join(f"{rng.uniform(0, 1):.3g}" for _ in range(rows * columns))
            size = f"{rng.uniform(0.3, 2):.3g} {rng.uniform(0.3, 2):.3g} {rng.uniform(0.05, 0.5):.3g} {rng.uniform(0.01, 0.2):.3g}"
            ET.SubElement(asset, "hfield", name="field", nrow=str(rows), ncol=str(columns), size=size, elevation=heights)
            field = ET.SubElement(world, "geom", name="field", type="hfield", hfield="field",
                                  pos=" ".join(f"{rng.uniform(-0.2, 0.1):.3g}" for _ in range(3)))
            if rng.random() < 0.3:
                field.set("zaxis", f"{rng.uniform(-0.2, 0.2):.3g} {rng.uniform(-0.2, 0.2):.3g} 1")
        for mesh in root.iter("mesh"):
            if rng.random() < 0.15:
                corners = str(rng.randint(4, 12))
                # On a grid corners are equally far away, and qhull's order decides which one a small hull has.
                if mesh.get("name") not in self.grids:
                    mesh.set("maxhullvert", corners)
        if rng.random() < (0.25 if self.meshes else 0.05):
            flag = option.find("flag")
            flag = ET.SubElement(option, "flag") if flag is None else flag
            flag.set("multiccd", "enable")
        for tendon in root.iter("spatial"):
            if tendon.find("geom") is None and rng.random() < 0.5:
                tendon.set("armature", f"{rng.uniform(0.01, 1):.3g}")
        bodies = world.findall("body")
        if bodies and rng.random() < 0.1:
            body = rng.choice(bodies)
            if "mocap" not in body.attrib:
                world.remove(body)
                copies = ET.SubElement(world, "replicate", count=str(rng.randint(1, 3)),
                                       offset=" ".join(f"{rng.uniform(-0.6, 0.6):.3g}" for _ in range(3)))
                if rng.random() < 0.5:
                    copies.set("euler", " ".join(f"{rng.uniform(-1, 1):.3g}" for _ in range(3)))
                if rng.random() < 0.3:
                    copies.set("sep", "-")
                copies.append(body)
                for section in root.findall("keyframe"):
                    root.remove(section)

    def builtin(self, root):
        """Meshes that MuJoCo makes itself, and sensors of the user."""
        rng = self.parts_rng
        for mesh in root.iter("mesh"):
            if rng.random() >= 0.25:
                continue
            # A plate that touches has no hull, which may end MuJoCo.
            kind = rng.choice(["sphere", "hemisphere", "cone", "supersphere", "supertorus"])
            power = lambda: f"{rng.uniform(0.3, 2):.3g}"
            params = {"sphere": lambda: str(rng.randint(0, 2)), "hemisphere": lambda: str(rng.randint(0, 4)),
                      "cone": lambda: f"{rng.randint(3, 9)} {rng.choice([0, rng.uniform(0, 1.5)]):.3g}",
                      "supersphere": lambda: f"{rng.randint(3, 9)} {power()} {power()}",
                      "supertorus": lambda: f"{rng.randint(3, 9)} {rng.uniform(0.1, 1):.3g} {power()} {power()}"}
            del mesh.attrib["vertex"]
            if all(geom.get("mesh") != mesh.get("name") or geom.get("type") != "mesh" for geom in root.iter("geom")):
                # Nor has one that no geom is, which ends MuJoCo where the hull weighs.
                mesh.attrib.pop("inertia", None)
            mesh.set("builtin", kind)
            mesh.set("params", params[kind]())
            mesh.set("scale", " ".join(f"{rng.choice([-1, 1, 1]) * rng.uniform(0.05, 0.2):.3g}" for _ in range(3)))
        section = root.find("sensor")
        if section is not None and rng.random() < 0.2:
            sensor = ET.Element("user", dim=str(rng.randint(1, 5)))
            if rng.random() < 0.5:
                sensor.set("objtype", "body")
                sensor.set("objname", rng.choice(self.bodies))
            section.insert(rng.randint(0, len(section)), sensor)

    def attach(self, root):
        """A model of another file, or one of its bodies."""
        rng = self.parts_rng
        asset = root.find("asset")
        asset = ET.SubElement(root, "asset") if asset is None else asset
        file = self.index.split(".")[0] + ".part.xml"
        ET.SubElement(asset, "model", name="part", file=file)
        part = Draw(self.seed, f"{self.index}/part")
        self.part = part.model()
        bodies = [body for body in root.find("worldbody").iter("body") if "mocap" not in body.attrib]
        into = rng.choice(bodies) if bodies and rng.random() < 0.3 else root.find("worldbody")
        if rng.random() < 0.6:
            into = ET.SubElement(into, "frame", pos=" ".join(f"{rng.uniform(-0.5, 0.5):.3g}" for _ in range(3)))
            if rng.random() < 0.6:
                into.set("euler", " ".join(f"{rng.uniform(-1, 1):.3g}" for _ in range(3)))
        attached = ET.SubElement(into, "attach", model="part", prefix=rng.choice(["part_", "part/"]))
        # What names a joint that is not attached finds this model's, which may be none for a fixed tendon.
        wide = {name for name, kind in self.joints if kind in ("free", "ball")}
        fixed = ET.fromstring(self.part).iterfind(".//fixed/joint")
        if part.bodies and rng.random() < 0.4 and not any(joint.get("joint") in wide for joint in fixed):
            attached.set("body", rng.choice(part.bodies))

    def model(self):
        root = ET.Element("mujoco", model="random")
        self.settings(root)
        if self.chance(0.5):
            self.defaults(root)
        if self.meshes:
            self.assets(root)
        self.world(root)
        if self.chance(0.3):
            self.contact(root)
        if (self.scalars() or len(self.sites) >= 2) and self.chance(0.7 if self.rich else 0.4):
            self.tendon(root)
        if self.rich and len(self.bodies) >= 2 and self.chance(0.6):
            self.equality(root)
        if self.joints and self.chance(0.7):
            self.actuator(root)
        if self.joints and self.chance(0.2):
            self.keyframe(root)
        if self.sensor_rng.random() < 0.6:
            self.sensor(root)
        self.more(root)
        self.builtin(root)
        if "/" not in self.index and self.parts_rng.random() < 0.12:
            self.attach(root)
        ET.indent(root)
        return ET.tostring(root, encoding="unicode") + "\n"


def draw(seed, index):
    """The text of a model, which MuJoCo may still refuse, and of the one that it attaches, or `None`."""
    model = Draw(seed, str(index))
    return model.model(), model.part


if __name__ == "__main__":
    text, part = draw(*sys.argv[1:3])
    sys.stdout.write((part or "") if sys.argv[3:] == ["part"] else text)
