"""Writes the mesh files of this folder: rock.stl, bar.obj, wedge.msh and text.stl."""
import os
import struct

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
# The tetrahedron and the wedge, anticlockwise from outside.
TETRAHEDRON = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]
WEDGE = [[0, 1, 2], [3, 5, 4], [0, 3, 4], [0, 4, 1], [1, 4, 5], [1, 5, 2], [2, 5, 3], [2, 3, 0]]


def rock(seed, count, size):
    """Corners on an ellipsoid, and triangles of their hull."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3))
    points = np.float32(points / np.linalg.norm(points, axis=1, keepdims=True) * size)
    faces = []
    for a in range(count):
        for b in range(a + 1, count):
            for c in range(b + 1, count):
                normal = np.cross(points[b] - points[a], points[c] - points[a], axis=0).astype(float)
                side = (points.astype(float) - points[a]) @ normal
                side[[a, b, c]] = 0
                if (side <= 0).all():
                    faces.append([a, b, c])
                elif (side >= 0).all():
                    faces.append([a, c, b])
    return points, faces


def path(name):
    return os.path.join(HERE, name)


def main():
    points, faces = rock(3, 16, [0.2, 0.15, 0.1])
    with open(path("rock.stl"), "wb") as file:
        file.write(b"rock".ljust(80) + struct.pack("<I", len(faces)))
        for face in faces:
            file.write(struct.pack("<12fH", 0, 0, 0, *points[face].ravel(), 0))
    with open(path("text.stl"), "w") as file:
        print("solid tetrahedron", file=file)
        corners = [[0, 0, 0], [0.3, 0, 0], [0, 0.2, 0], [0, 0, 0.25]]
        for face in TETRAHEDRON:
            print(" facet normal 0 0 0\n  outer loop", file=file)
            for corner in face:
                print("   vertex {} {} {}".format(*corners[corner]), file=file)
            print("  endloop\n endfacet", file=file)
        print("endsolid", file=file)
    # Four-cornered faces, names of texture and normals, indices from the end, and a second object that is not read.
    with open(path("bar.obj"), "w") as file:
        print("# a bar, turned and sheared\no bar", file=file)
        for x in (-1, 1):
            for y in (-1, 1):
                for z in (-1, 1):
                    v = [0.3 * x + 0.05 * y, 0.08 * y + 0.01 * z, 0.05 * z - 0.02 * x]
                    print("v {:.4f} {:.4f} {:.4f}".format(*v), file=file)
        print("vn 0 0 1\nvt 0 0\ns off", file=file)
        for face in ["1/1/1 2/1/1 4/1/1 3/1/1", "5//1 7//1 8//1 6//1", "1 5 6 2", "3 4 8 7", "-8 -6 -2 -4", "2/1 6/1 8/1", "2 8 4"]:
            print("f", face, file=file)
        print("o other\nv 0.1 0.4 0.1\nf 1 2 9", file=file)
    with open(path("wedge.msh"), "wb") as file:
        corners = np.float32([[0, 0, 0], [0.3, 0, 0], [0, 0.2, 0], [0, 0.02, 0.3], [0.31, 0, 0.3], [0, 0.25, 0.28]])
        faces = np.int32(WEDGE)[:, ::-1]
        file.write(struct.pack("<4i", len(corners), 0, 0, len(faces)) + corners.tobytes() + faces.tobytes())


if __name__ == "__main__":
    main()
