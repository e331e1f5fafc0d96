from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('strangler_isolation', '0002_ownershiprecord_fence'),
    ]

    operations = [
        migrations.CreateModel(
            name='LooseEnd',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(help_text='label of the model with the key, in lower case', max_length=200)),
                ('key', models.CharField(help_text='name of the foreign key', max_length=100)),
                ('rule', models.CharField(max_length=20)),
                ('values', models.JSONField(help_text='values of the key that lead to what was deleted, as texts')),
                ('due_at', models.DateTimeField(db_index=True)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('problem', models.CharField(blank=True, help_text='why it was not done the last time', max_length=500)),
            ],
        ),
    ]
