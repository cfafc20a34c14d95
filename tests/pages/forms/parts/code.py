print("yes-code")


def f():
    # [start: in f]
    print("yes-region")
    # [end: in f]


class C:
    print("yes-object")


print("yes-last")
