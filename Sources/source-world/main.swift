import SourceWorld
print("not built yet")
